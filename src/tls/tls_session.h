/* tls_session - one connection's TLS: its handshake, its bytes, its end.
 *
 * Never waits. Whatever comes back with ERROR_AGAIN is to be tried again when the socket can be
 * read, or written if tls_session_wants_room() says so. */
#ifndef TOAD_TLS_TLS_SESSION_H
#define TOAD_TLS_TLS_SESSION_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>

struct tls_context;
struct tls_session;

enum {
    TLS_RECORD_SIZE = 16384 /* bytes that one record holds at most (RFC 8446 5.1) */
};

/* For a connection at its very beginning; the socket stays the caller's, the context must live as
 * long. ERROR_MEMORY. */
MUST_CHECK enum error tls_session_open(const struct tls_context *context, int fd,
                                       struct tls_session **ret_session);

/* Ends it, with a word to the client if `says_goodbye` and if there is room for it. NULL is nothing
 * to close. */
void tls_session_close(struct tls_session *session, bool says_goodbye);

/* The handshake. ERROR_SYSTEM: there is no agreement. ERROR_CLOSED: the client takes its leave
 * instead. */
MUST_CHECK enum error tls_session_shake(struct tls_session *session);

/* As transport_read(), transport_write() and transport_send_file(); errno is set for ERROR_SYSTEM.
 * What was written and came back with ERROR_AGAIN must be written again, alone or with more behind
 * it. */
MUST_CHECK enum error tls_session_read(struct tls_session *session, char *data, size_t capacity,
                                       size_t *ret_size);
MUST_CHECK enum error tls_session_write(struct tls_session *session, struct bytes bytes,
                                        size_t *ret_size);
MUST_CHECK enum error tls_session_send_file(struct tls_session *session, int file_fd,
                                            uint64_t offset, size_t size, size_t *ret_size);

/* Tells the client that nothing more comes. */
enum error tls_session_end(struct tls_session *session);

/* There is something to be read already, whether or not the socket can be read. */
bool tls_session_has_input(const struct tls_session *session);

/* What came back with ERROR_AGAIN waits until the socket can be written. */
bool tls_session_wants_room(const struct tls_session *session);

/* Such as "TLSv1.3" and "TLS_AES_128_GCM_SHA256"; static. */
const char *tls_session_version(const struct tls_session *session);
const char *tls_session_cipher(const struct tls_session *session);

/* The name that the client asked for (RFC 6066 3), NULL if none; lives as long as the session. */
const char *tls_session_server_name(const struct tls_session *session);

/* The subject of the client's certificate as RFC 4514 writes it; false if it has shown none that
 * was verified, or it does not fit. */
bool tls_session_client_subject(const struct tls_session *session, char *text, size_t size);

#endif
