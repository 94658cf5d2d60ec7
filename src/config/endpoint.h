/* endpoint - a listen value, understood: what to listen on and how (promises LSN-1, LSN-3, LSN-6).
 *
 * Pure; holds its texts in place and can be copied. Whether a host resolves, a file exists or a
 * kind of endpoint is served is not asked here.
 *
 *   http://HOST[:PORT][/][?PARAMETERS]     HOST: *, IPv4, [IPv6], [IPv6%zone] or a name
 *   https://HOST[:PORT][/][?PARAMETERS]
 *   https://HOST:PORT:CERT:KEY[:CA][?PARAMETERS]     the paths as they stand, without %XX
 *   http+unix://PATH[?PARAMETERS]          PATH absolute, / and others written as %XX
 *   file://PATH[?PARAMETERS]               PATH absolute, as it stands
 *
 * PARAMETERS, joined by &, %XX decoded (+ is a plus): fd=N, reuse=0|1, single_accept=0|1,
 * defer_accept=0|1; for https also cert, key, ca, ciphers, version, verify=0..7 or 0x00..0x07, and
 * pairs NAME_cert, NAME_key. A path has fd, single_accept and mode=0660 or another octal number. A
 * port that is not given is 3000, as in Mojolicious. */
#ifndef TOAD_CONFIG_ENDPOINT_H
#define TOAD_CONFIG_ENDPOINT_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/problem.h"

enum {
    ENDPOINT_PORT_DEFAULT = 3000,
    ENDPOINT_MODE_DEFAULT = 0666, /* as open as a port of this machine */
};

enum endpoint_scheme {
    ENDPOINT_HTTP,
    ENDPOINT_HTTPS,
    ENDPOINT_HTTP_UNIX,
    ENDPOINT_FILE,
};

enum endpoint_host {
    ENDPOINT_HOST_NONE, /* a UNIX domain socket: see path */
    ENDPOINT_HOST_ANY,  /* * */
    ENDPOINT_HOST_IPV4,
    ENDPOINT_HOST_IPV6,
    ENDPOINT_HOST_NAME,
};

/* Texts are numbers that endpoint_text() turns into texts; 0 is a text that was not given. */
struct endpoint_certificate {
    uint16_t name; /* for SNI; 0: the default one */
    uint16_t certificate;
    uint16_t key;
};

struct endpoint {
    enum endpoint_scheme scheme;
    enum endpoint_host host_kind;
    char host[ENDPOINT_HOST_MAX]; /* without brackets, with its %zone; empty without a host */
    int port;                     /* 0: the kernel chooses (promise LSN-7) */
    char path[ENDPOINT_PATH_MAX]; /* of a UNIX domain socket; else empty */
    unsigned mode;                /* permissions of the path */
    int fd;                       /* an inherited socket (promise LSN-5), or -1 */
    bool may_share_port;          /* reuse=1: SO_REUSEPORT */
    bool accepts_one;             /* single_accept=1: one connection per wake-up */
    bool defers_accept; /* defer_accept=1: a connection is accepted with its first bytes */
    int verify;         /* mode of client verification 0 to 7, or -1 */
    uint16_t ca;
    uint16_t ciphers;
    uint16_t version;
    struct endpoint_certificate certificates[ENDPOINT_CERTIFICATES_MAX];
    size_t certificates_count;
    char texts[LISTEN_VALUE_MAX + 1];
    size_t texts_size;
};

/* Understands one listen value. Otherwise ERROR_INVALID, ret_endpoint untouched, and the problem
 * `Invalid listen value "X": reason` (promise LSN-7). */
MUST_CHECK enum error endpoint_read(struct bytes value, struct problem *problem,
                                    struct endpoint *ret_endpoint);

/* A text by its number, valid as long as the endpoint. */
const char *endpoint_text(const struct endpoint *endpoint, uint16_t number);

bool endpoint_is_tls(const struct endpoint *endpoint);

bool endpoint_is_unix(const struct endpoint *endpoint);

/* The endpoint as people can open it: http://127.0.0.1:8080, with * shown as 127.0.0.1 (promise
 * LSN-8). `port` is the one that the kernel gave, or the endpoint's own. */
void endpoint_name(const struct endpoint *endpoint, int port, char ret_name[ENDPOINT_NAME_MAX]);

#endif
