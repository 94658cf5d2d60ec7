/* hello - the smallest application, and the fastest path through the server. */
#include <hypnotoad.h>

#include <string.h>

static const char hello_world[] = "Hello World";
static const char not_found[] = "Not Found\n";

static bool is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void hello(void *state, struct toad_request *request)
{
    (void)state;
    if (strcmp(toad_path(request), "/") == 0 && is_read(toad_method(request)))
        toad_reply(request, 200, "text/plain", hello_world, sizeof(hello_world) - 1);
    else
        toad_reply(request, 404, "text/plain", not_found, sizeof(not_found) - 1);
}

const struct toad_app toad_app = {TOAD_APP_HEADER, .name = "hello", .request = hello};
