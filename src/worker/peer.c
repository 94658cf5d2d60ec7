#include "worker/peer.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

struct peer peer_of(const struct sockaddr_storage *address)
{
    struct peer peer = {.port = 0};
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *name = (const struct sockaddr_in6 *)address;
        peer.address = name->sin6_addr;
        peer.port = ntohs(name->sin6_port);
    } else if (address->ss_family == AF_INET) {
        const struct sockaddr_in *name = (const struct sockaddr_in *)address;
        peer.address.s6_addr[10] = peer.address.s6_addr[11] = 0xff;
        memcpy(peer.address.s6_addr + 12, &name->sin_addr, sizeof name->sin_addr);
        peer.port = ntohs(name->sin_port);
    }
    return peer;
}

bool peer_at_this_end(int fd, struct peer *ret_peer)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return false;
    *ret_peer = peer_of(&address);
    return true;
}

bool peer_has_address(const struct peer *peer)
{
    return !IN6_IS_ADDR_UNSPECIFIED(&peer->address);
}

struct bytes peer_text(const struct peer *peer, char storage[PEER_TEXT_SIZE])
{
    if (!peer_has_address(peer))
        return BYTES("");
    bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(&peer->address);
    const void *address =
        is_ipv4 ? (const void *)(peer->address.s6_addr + 12) : (const void *)&peer->address;
    const char *text = inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address, storage, PEER_TEXT_SIZE);
    return bytes_of(text);
}
