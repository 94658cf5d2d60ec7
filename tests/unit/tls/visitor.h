/* visitor - a client of a session, in the same process: both ends of a connection, step by step. */
#ifndef TOAD_TESTS_TLS_VISITOR_H
#define TOAD_TESTS_TLS_VISITOR_H

#include "tls/tls_context.h"
#include "tls/tls_session.h"

#include <openssl/ssl.h>

struct visitor {
    SSL_CTX *context;
    SSL *tls;
    int ends[2]; /* the session's, the client's; both non-blocking */
    struct tls_session *session;
};

/* The client's context, to be restricted; then the connection. */
void visitor_arrive(struct visitor *visitor);
void visitor_meet(struct visitor *visitor, const struct tls_context *context);

/* Both go on until the handshake is over: what the server's side comes to. */
enum error visitor_shake(struct visitor *visitor);

/* The client reads what there is now. */
size_t visitor_read(struct visitor *visitor, char *data, size_t capacity);

/* Ends the connection, and then the client. NULL-safe, and twice is once. */
void visitor_part(struct visitor *visitor);
void visitor_leave(struct visitor *visitor);

/* Settings without anything, and a context of them. */
struct tls_settings visitor_settings(void);
struct tls_context *visitor_host(const struct tls_settings *settings);

#endif
