/* tunnel - a client's connection within TLS, for tests that read and write a descriptor. */
#ifndef TOAD_TESTS_WORKER_TUNNEL_H
#define TOAD_TESTS_WORKER_TUNNEL_H

struct tls_context;

/* What a worker at 127.0.0.1 speaks TLS with; the caller closes it. */
struct tls_context *tunnel_context(void);

/* Takes over a connection to the worker; what is written to the descriptor that comes back, and
 * read from it, goes through TLS. Another process does that. Fits client_wrap. */
int tunnel_open(int fd);

/* Waits until every tunnel has ended; the test closes its ends before. */
void tunnel_close_all(void);

#endif
