/* http_host - the grammar of HOST and HOST:PORT (RFC 9110 7.2, RFC 3986 3.2.2).
 *
 * Pure. */
#ifndef TOAD_HTTP_HTTP_HOST_H
#define TOAD_HTTP_HTTP_HOST_H

#include "base/bytes.h"

/* A name, an IPv4 address or an IPv6 address in brackets, then perhaps a colon and a port of at
 * most 65535, which may be empty. An empty host is none; IPvFuture and zones are not taken. */
bool http_host_is_valid(struct bytes authority);

#endif
