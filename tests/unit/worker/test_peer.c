#include "worker/peer.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

static struct peer from(int family, const char *text, uint16_t port)
{
    struct sockaddr_storage name = {.ss_family = (sa_family_t)family};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&name;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&name;
    if (family == AF_INET) {
        v4->sin_port = htons(port);
        cr_assert_eq(inet_pton(family, text, &v4->sin_addr), 1);
    } else if (family == AF_INET6) {
        v6->sin6_port = htons(port);
        cr_assert_eq(inet_pton(family, text, &v6->sin6_addr), 1);
    }
    return peer_of(&name);
}

Test(peer, has_an_address_and_a_port)
{
    static const struct {
        int family;
        const char *text;
        const char *shown;
    } table[] = {
        {AF_INET, "127.0.0.1", "127.0.0.1"},
        {AF_INET, "255.255.255.255", "255.255.255.255"},
        {AF_INET6, "::1", "::1"},
        {AF_INET6, "2001:db8::ffff:1", "2001:db8::ffff:1"},
        {AF_INET6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {AF_INET6, "::ffff:10.1.2.3", "10.1.2.3"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char storage[PEER_TEXT_SIZE];
        struct peer peer = from(table[i].family, table[i].text, (uint16_t)(65535 - i));
        struct bytes shown = peer_text(&peer, storage);
        cr_expect(bytes_equal(shown, bytes_of(table[i].shown)), "%.*s", (int)shown.size,
                  shown.data);
        cr_expect_eq(peer.port, 65535 - i);
    }
}

Test(peer, without_an_address_has_none)
{
    char storage[PEER_TEXT_SIZE];
    struct peer peer = from(AF_UNIX, NULL, 0);
    cr_expect_not(peer_has_address(&peer));
    cr_expect_eq(peer_text(&peer, storage).size, 0);
    cr_expect_eq(peer.port, 0);
    peer = from(AF_INET6, "::1", 1);
    cr_expect(peer_has_address(&peer));
}
