#include "main/tls_endpoint.h"

#include "sys/log.h"
#include "sys/process.h"

enum error tls_endpoint_open(const struct endpoint *endpoint, struct tls_context **ret_context,
                             struct problem *problem)
{
    struct tls_settings settings = {
        .host = endpoint->host_kind == ENDPOINT_HOST_ANY ? "*" : endpoint->host,
        .ca = endpoint_text(endpoint, endpoint->ca),
        .ciphers = endpoint_text(endpoint, endpoint->ciphers),
        .version = endpoint_text(endpoint, endpoint->version),
        .verify = endpoint->verify,
        .certificate_count = endpoint->certificates_count,
    };
    for (size_t i = 0; i < endpoint->certificates_count; i++) {
        const struct endpoint_certificate *certificate = &endpoint->certificates[i];
        settings.certificates[i] = (struct tls_certificate){
            .name = endpoint_text(endpoint, certificate->name),
            .certificate = endpoint_text(endpoint, certificate->certificate),
            .key = endpoint_text(endpoint, certificate->key),
        };
    }
    return tls_context_open(&settings, ret_context, problem);
}

static enum error share(const struct application *application, struct tls_tickets *tickets)
{
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < application->config.listen_count && error == ERROR_NONE; i++)
        if (application->contexts[i] != NULL)
            error = tls_context_share_tickets(application->contexts[i], tickets);
    return error;
}

static bool has_tls(const struct application *application)
{
    for (size_t i = 0; i < application->config.listen_count; i++)
        if (application->contexts[i] != NULL)
            return true;
    return false;
}

enum error tls_endpoint_share_tickets(const struct application *application, int heritage,
                                      struct tls_tickets **ret_tickets, struct problem *problem)
{
    int fd = heritage > 0 ? heritage : -1;
    if (!has_tls(application)) {
        process_close(&fd);
        return ERROR_NONE;
    }
    struct tls_tickets *tickets = NULL;
    enum error error = tls_tickets_open(fd, &tickets, problem);
    if (error == ERROR_NONE && share(application, tickets) != ERROR_NONE) {
        tls_tickets_close(tickets);
        return problem_set(problem, ERROR_MEMORY, "no memory for the keys of tickets");
    }
    if (error == ERROR_NONE)
        *ret_tickets = tickets;
    return error;
}

void tls_endpoint_warn(const struct application *application, const uint16_t *ports)
{
    for (size_t i = 0; i < application->config.listen_count; i++) {
        char name[ENDPOINT_NAME_MAX];
        const struct endpoint *endpoint = &application->endpoints[i];
        if (!endpoint_is_tls(endpoint) || endpoint->certificates_count > 0)
            continue;
        endpoint_name(endpoint, ports[i], name);
        log_write(LOG_LEVEL_WARN,
                  "%s has no certificate: it serves with one that was made for it, and that no "
                  "client trusts by itself",
                  name);
    }
}
