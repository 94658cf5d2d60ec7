/* How sessions begin with a context. Private to the room. */
#ifndef TOAD_TLS_TLS_CONTEXT_PRIVATE_H
#define TOAD_TLS_TLS_CONTEXT_PRIVATE_H

#include "tls/tls_context.h"

#include <openssl/ssl.h>

/* The context that a session has until its client names somebody; borrowed. */
SSL_CTX *tls_context_first(const struct tls_context *context);

#endif
