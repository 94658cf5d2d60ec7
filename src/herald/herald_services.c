#include "herald/herald_services.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void write_name(const struct herald_place *place, char ret_name[HERALD_NAME_MAX])
{
    char end[16];
    static const char begin[] = "Hypnotoad (";
    int length = snprintf(end, sizeof end, ":%u)", (unsigned)place->port);
    int room = HERALD_NAME_MAX - (int)sizeof begin - length;
    (void)snprintf(ret_name, HERALD_NAME_MAX, "%s%.*s%s", begin, room, place->host, end);
}

static struct herald_service *find(struct herald_services *services, const char *name, bool is_tls)
{
    for (size_t i = 0; i < services->count; i++)
        if (services->list[i].is_tls == is_tls && strcmp(services->list[i].name, name) == 0)
            return &services->list[i];
    return NULL;
}

void herald_services_add(struct herald_services *services, const struct herald_place *place)
{
    char name[HERALD_NAME_MAX];
    write_name(place, name);
    struct herald_service *service = find(services, name, place->is_tls);
    if (service == NULL) {
        assert(services->count < LISTENERS_MAX);
        service = &services->list[services->count++];
        *service = (struct herald_service){
            .port = place->port, .is_tls = place->is_tls, .interface = place->interface};
        memcpy(service->name, name, sizeof name);
    }
    service->has_ipv4 = service->has_ipv4 || place->has_ipv4;
    service->has_ipv6 = service->has_ipv6 || place->has_ipv6;
    if (service->interface != place->interface)
        service->interface = 0;
}

const char *herald_service_type(const struct herald_service *service)
{
    return service->is_tls ? "_https._tcp" : "_http._tcp";
}
