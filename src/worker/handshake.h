/* handshake - how a connection to a listener with TLS begins.
 *
 * Until its client has sent a byte that can begin a handshake nothing is kept for it; who speaks
 * HTTP without TLS is told so, whatever else comes ends the connection (promise LSN-3). */
#ifndef TOAD_WORKER_HANDSHAKE_H
#define TOAD_WORKER_HANDSHAKE_H

#include <stdbool.h>

struct connection;

/* In life SHAKING: goes as far as it can. True if it is complete; otherwise it goes on when there
 * is more to be read or written, or the connection is refused or lost. */
bool handshake_advance(struct connection *connection);

#endif
