/* http_forwarded - whom a request comes from, when a reverse proxy says so (promise CON-9).
 *
 * Pure. Every proxy adds at the end of a list whom it was asked by, so the lists are read from
 * their end on, and only as far as somebody who is believed has written them:
 *
 * - The peer is believed if `is_on`, and it is in one of the networks or there are none.
 * - With networks the walk goes on as long as it finds addresses in them; the first other one is
 *   the client. Without networks the last entry is the client.
 * - An entry that is no address ends the walk: the one found before it stays, or the peer.
 * - Scheme and host are those that the same proxy has told that told the client's address.
 * - If there is any X-Forwarded-For, -Proto, -HTTPS or -Host, Forwarded is not looked at.
 *
 * A value that is not valid is as none; no request is refused for it. */
#ifndef TOAD_HTTP_HTTP_FORWARDED_H
#define TOAD_HTTP_HTTP_FORWARDED_H

#include "base/ip_network.h"
#include "http/http_message.h"
#include "http/http_node.h"

/* Who is believed. */
struct http_trust {
    bool is_on;
    size_t network_count; /* 0: every peer is */
    struct ip_network networks[TRUSTED_PROXIES_MAX];
};

struct http_forwarded {
    bool has_client; /* somebody else than the peer */
    struct http_node client;
    struct bytes scheme; /* "http" or "https", static and with a NUL behind it; empty: not told */
    struct bytes host;   /* a valid Host, a view into the head; empty: not told */
};

/* `peer` is a null pointer for a connection without addresses, which is in no network. */
void http_forwarded_read(const struct http_head *head, const struct ip_address *peer,
                         const struct http_trust *trust, struct http_forwarded *ret_forwarded);

#endif
