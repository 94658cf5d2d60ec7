#include "sys/listener_reach.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_storage storage;
};

static void read_ipv4(const struct sockaddr_in *address, struct listener_reach *reach)
{
    uint32_t number = ntohl(address->sin_addr.s_addr);
    reach->has_ipv4 = true;
    reach->is_any = number == INADDR_ANY;
    reach->is_loopback = number >> 24 == IN_LOOPBACKNET;
    reach->port = ntohs(address->sin_port);
}

static void read_ipv6(int fd, const struct sockaddr_in6 *address, struct listener_reach *reach)
{
    int takes_one = 1;
    socklen_t size = sizeof takes_one;
    (void)getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &takes_one, &size);
    reach->has_ipv6 = true;
    reach->is_any = IN6_IS_ADDR_UNSPECIFIED(&address->sin6_addr);
    reach->has_ipv4 = reach->is_any && takes_one == 0;
    reach->is_loopback = IN6_IS_ADDR_LOOPBACK(&address->sin6_addr);
    reach->interface = (int)address->sin6_scope_id;
    reach->port = ntohs(address->sin6_port);
}

static bool is_same(const struct sockaddr *a, const union address *b)
{
    if (a == NULL || a->sa_family != b->any.sa_family)
        return false;
    union address other = {.any = {.sa_family = a->sa_family}};
    if (a->sa_family == AF_INET) {
        memcpy(&other.ipv4, a, sizeof other.ipv4);
        return other.ipv4.sin_addr.s_addr == b->ipv4.sin_addr.s_addr;
    }
    memcpy(&other.ipv6, a, sizeof other.ipv6);
    return IN6_ARE_ADDR_EQUAL(&other.ipv6.sin6_addr, &b->ipv6.sin6_addr);
}

/* The interface that has the address; 0 if several do, as with addresses of one link. */
static int find_interface(const union address *address)
{
    struct ifaddrs *list = NULL;
    int found = 0;
    int count = 0;
    if (getifaddrs(&list) != 0)
        return 0;
    for (const struct ifaddrs *one = list; one != NULL; one = one->ifa_next)
        if (is_same(one->ifa_addr, address)) {
            found = (int)if_nametoindex(one->ifa_name);
            count++;
        }
    freeifaddrs(list);
    return count == 1 ? found : 0;
}

enum error listener_reach_find(int fd, struct listener_reach *ret_reach)
{
    union address name;
    socklen_t size = sizeof name;
    struct listener_reach reach = {.port = 0};
    memset(&name, 0, sizeof name);
    if (getsockname(fd, &name.any, &size) != 0)
        return ERROR_INVALID;
    if (name.any.sa_family == AF_INET)
        read_ipv4(&name.ipv4, &reach);
    else if (name.any.sa_family == AF_INET6)
        read_ipv6(fd, &name.ipv6, &reach);
    if (reach.port == 0 || getnameinfo(&name.any, size, reach.address, sizeof reach.address, NULL,
                                       0, NI_NUMERICHOST) != 0)
        return ERROR_INVALID;
    if (!reach.is_any && reach.interface == 0)
        reach.interface = find_interface(&name);
    *ret_reach = reach;
    return ERROR_NONE;
}
