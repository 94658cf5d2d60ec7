/* Any bytes as a listen value: a refusal changes nothing and gives its reason, what is taken is
 * whole, and its name reads as the same place (promises LSN-1, LSN-7, LSN-8). */
#include "config/endpoint.h"

#include "must.h"

#include <string.h>

static void check_text(const struct endpoint *endpoint, uint16_t number)
{
    MUST(number < endpoint->texts_size && endpoint->texts_size <= sizeof endpoint->texts);
    MUST(memchr(endpoint->texts + number, '\0', endpoint->texts_size - number) != NULL);
}

static void check_whole(const struct endpoint *endpoint)
{
    MUST(memchr(endpoint->host, '\0', sizeof endpoint->host) != NULL);
    MUST(memchr(endpoint->path, '\0', sizeof endpoint->path) != NULL);
    MUST(endpoint->port >= 0 && endpoint->port <= 65535);
    MUST(endpoint->fd == -1 || (endpoint->fd >= 3 && endpoint->fd <= ENDPOINT_FD_MAX));
    MUST(endpoint->mode <= 0777);
    MUST(endpoint->verify >= -1 && endpoint->verify <= 7);
    MUST(endpoint_is_unix(endpoint) == (endpoint->path[0] == '/'));
    MUST(endpoint_is_unix(endpoint) == (endpoint->host[0] == '\0'));
    MUST(endpoint->certificates_count <= ENDPOINT_CERTIFICATES_MAX);
    check_text(endpoint, endpoint->ca);
    check_text(endpoint, endpoint->ciphers);
    check_text(endpoint, endpoint->version);
    for (size_t i = 0; i < endpoint->certificates_count; i++) {
        check_text(endpoint, endpoint->certificates[i].name);
        check_text(endpoint, endpoint->certificates[i].certificate);
        check_text(endpoint, endpoint->certificates[i].key);
        MUST(endpoint->certificates[i].certificate != 0 && endpoint->certificates[i].key != 0);
    }
}

static void check_name(const struct endpoint *endpoint)
{
    char name[ENDPOINT_NAME_MAX];
    struct endpoint again;
    struct problem problem;
    endpoint_name(endpoint, endpoint->port, name);
    /* A path that stands as it is may hold what begins parameters. */
    if (endpoint->scheme == ENDPOINT_FILE)
        return;
    MUST(endpoint_read(bytes_of(name), &problem, &again) == ERROR_NONE);
    MUST(again.scheme == endpoint->scheme && again.port == endpoint->port);
    MUST(strcmp(again.path, endpoint->path) == 0);
    if (endpoint->host_kind == ENDPOINT_HOST_ANY)
        MUST(strcmp(again.host, "127.0.0.1") == 0);
    /* A zone that begins with 25 is read as an encoded percent sign. */
    else if (strstr(endpoint->host, "%25") == NULL)
        MUST(again.host_kind == endpoint->host_kind && strcmp(again.host, endpoint->host) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct endpoint endpoint;
    struct endpoint before;
    struct problem problem;
    memset(&endpoint, 0x5a, sizeof endpoint);
    memcpy(&before, &endpoint, sizeof before);
    if (endpoint_read((struct bytes){(const char *)data, size}, &problem, &endpoint) !=
        ERROR_NONE) {
        MUST(memcmp(&endpoint, &before, sizeof before) == 0);
        MUST(strncmp(problem.text, "Invalid listen value \"", 22) == 0);
        return 0;
    }
    check_whole(&endpoint);
    check_name(&endpoint);
    return 0;
}
