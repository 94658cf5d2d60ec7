/* tls_self_signed - a certificate for who has none. Private to the room. */
#ifndef TOAD_TLS_TLS_SELF_SIGNED_H
#define TOAD_TLS_TLS_SELF_SIGNED_H

#include "base/problem.h"

#include <openssl/ssl.h>

/* Has the context use a new key (ECDSA, P-256) and a certificate for `host`: a name, an address, or
 * "*" for this machine. Both exist in memory alone (promise LSN-4). */
MUST_CHECK enum error tls_self_signed_use(SSL_CTX *context, const char *host,
                                          struct problem *problem);

#endif
