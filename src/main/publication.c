#include "main/publication.h"

#include "sys/listener_reach.h"

#include <stdio.h>
#include <unistd.h>

static void write_host(const struct endpoint *endpoint, const struct listener_reach *reach,
                       char ret_host[HERALD_HOST_MAX])
{
    bool has_brackets = reach->has_ipv6 && endpoint->host_kind != ENDPOINT_HOST_NAME;
    ret_host[HERALD_HOST_MAX - 1] = '\0';
    if (reach->is_any && gethostname(ret_host, HERALD_HOST_MAX - 1) == 0)
        return;
    (void)snprintf(ret_host, HERALD_HOST_MAX, "%s%s%s", has_brackets ? "[" : "",
                   endpoint->host_kind == ENDPOINT_HOST_NAME ? endpoint->host : reach->address,
                   has_brackets ? "]" : "");
}

void publication_fill(const struct listening *listening, struct herald_services *ret_services)
{
    ret_services->count = 0;
    for (size_t i = 0; i < listening->count; i++) {
        const struct endpoint *endpoint =
            &listening->application->endpoints[listening->endpoints[i]];
        struct listener_reach reach;
        char host[HERALD_HOST_MAX];
        if (listener_reach_find(listening->fds[i], &reach) != ERROR_NONE || reach.is_loopback)
            continue;
        write_host(endpoint, &reach, host);
        herald_services_add(ret_services,
                            &(struct herald_place){.host = host,
                                                   .port = reach.port,
                                                   .is_tls = endpoint_is_tls(endpoint),
                                                   .has_ipv4 = reach.has_ipv4,
                                                   .has_ipv6 = reach.has_ipv6,
                                                   .interface = reach.interface});
    }
}
