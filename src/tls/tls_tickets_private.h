/* How contexts use the keys of tickets. Private to the room. */
#ifndef TOAD_TLS_TLS_TICKETS_PRIVATE_H
#define TOAD_TLS_TLS_TICKETS_PRIVATE_H

#include "tls/tls_tickets.h"

#include <openssl/ssl.h>

/* The tickets must live as long as the context. */
MUST_CHECK enum error tls_tickets_share(struct tls_tickets *tickets, SSL_CTX *context);

#endif
