#include "tls/tls_session.h"

#include "tls/tls_context_private.h"

#include <openssl/err.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* A record of this size or more has probably another one behind it. */
    LARGE_RECORD_SIZE = TLS_RECORD_SIZE / 2,
    /* A client that sends small ones does not keep others waiting. */
    RECORDS_PER_READ = 64,
    /* One after the other without a byte for the application. */
    RECORDS_IN_VAIN_MAX = 32
};

static_assert((int)TLS_RECORD_SIZE == SSL3_RT_MAX_PLAIN_LENGTH, "a record holds so much");

struct tls_session {
    SSL *library;
    enum error fate; /* ERROR_CLOSED, ERROR_SYSTEM: what the next read is to tell */
    bool holds_more; /* bytes that were read ahead, and perhaps a record of them */
    unsigned records_in_vain;
    bool wants_room;
    bool has_shaken;
    bool has_said_goodbye;
    bool is_broken;
};

static long refuse_to_read(BIO *socket, int operation, const char *data, size_t size, int number,
                           long value, int outcome, size_t *ret_size)
{
    (void)data;
    (void)size;
    (void)number;
    (void)value;
    (void)ret_size;
    if (operation != BIO_CB_READ)
        return outcome;
    BIO_clear_retry_flags(socket);
    errno = ECONNRESET;
    return -1;
}

/* The library reads on until it has something for the application, and others wait meanwhile:
 * whoever only changes his keys, or asks for another handshake, is not listened to for ever. */
static void on_message(int is_written, int version, int kind, const void *data, size_t size,
                       SSL *library, void *argument)
{
    (void)version;
    (void)data;
    (void)size;
    struct tls_session *session = argument;
    if (is_written || kind != SSL3_RT_HEADER || !session->has_shaken)
        return;
    if (session->records_in_vain++ == RECORDS_IN_VAIN_MAX)
        BIO_set_callback_ex(SSL_get_rbio(library), refuse_to_read);
}

enum error tls_session_open(const struct tls_context *context, int fd,
                            struct tls_session **ret_session)
{
    ERR_clear_error();
    struct tls_session *session = calloc(1, sizeof *session);
    SSL *library = session == NULL ? NULL : SSL_new(tls_context_first(context));
    if (library == NULL || SSL_set_fd(library, fd) != 1) {
        SSL_free(library);
        free(session);
        ERR_clear_error();
        return ERROR_MEMORY;
    }
    SSL_set_accept_state(library);
    SSL_set_msg_callback(library, on_message);
    SSL_set_msg_callback_arg(library, session);
    session->library = library;
    *ret_session = session;
    return ERROR_NONE;
}

void tls_session_close(struct tls_session *session, bool says_goodbye)
{
    if (session == NULL)
        return;
    if (says_goodbye)
        (void)tls_session_end(session);
    SSL_free(session->library);
    free(session);
}

/* What a call has come to that was not successful. */
static enum error judge(struct tls_session *session, int outcome)
{
    int reason = SSL_get_error(session->library, outcome);
    ERR_clear_error();
    session->wants_room = reason == SSL_ERROR_WANT_WRITE;
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
        return ERROR_AGAIN;
    if (reason == SSL_ERROR_ZERO_RETURN)
        return ERROR_CLOSED;
    session->is_broken = true;
    /* What the client did wrong is its own doing. */
    if (reason != SSL_ERROR_SYSCALL || errno == 0)
        errno = ECONNRESET;
    return ERROR_SYSTEM;
}

static void prepare(struct tls_session *session)
{
    ERR_clear_error();
    errno = 0;
    session->wants_room = false;
}

enum error tls_session_shake(struct tls_session *session)
{
    prepare(session);
    int outcome = SSL_do_handshake(session->library);
    if (outcome != 1)
        return judge(session, outcome);
    session->has_shaken = true;
    session->holds_more = SSL_has_pending(session->library) == 1;
    return ERROR_NONE;
}

enum error tls_session_read(struct tls_session *session, char *data, size_t capacity,
                            size_t *ret_size)
{
    size_t total = 0;
    enum error error = session->fate;
    bool goes_on = true;
    for (int i = 0; error == ERROR_NONE && goes_on && total < capacity; i++) {
        size_t size = 0;
        prepare(session);
        int outcome = SSL_read_ex(session->library, data + total, capacity - total, &size);
        if (outcome == 1)
            session->records_in_vain = 0;
        else
            error = judge(session, outcome);
        total += size;
        session->holds_more = outcome == 1 && SSL_has_pending(session->library) == 1;
        goes_on = i < RECORDS_PER_READ - 1 && (session->holds_more || size >= LARGE_RECORD_SIZE);
    }
    if (total == 0)
        return error;
    /* The bytes first: what came behind them is told next time. */
    session->fate = error == ERROR_AGAIN ? ERROR_NONE : error;
    *ret_size = total;
    return ERROR_NONE;
}

enum error tls_session_write(struct tls_session *session, struct bytes bytes, size_t *ret_size)
{
    size_t total = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && total < bytes.size) {
        size_t size = 0;
        prepare(session);
        int outcome = SSL_write_ex(session->library, bytes.data + total, bytes.size - total, &size);
        if (outcome == 1)
            total += size;
        else
            error = judge(session, outcome);
    }
    if (total == 0 && error != ERROR_NONE)
        return error == ERROR_CLOSED ? ERROR_SYSTEM : error;
    *ret_size = total;
    return ERROR_NONE;
}

enum error tls_session_send_file(struct tls_session *session, int file_fd, uint64_t offset,
                                 size_t size, size_t *ret_size)
{
    char part[TLS_RECORD_SIZE];
    size_t total = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && total < size) {
        size_t wanted = size - total < sizeof part ? size - total : sizeof part;
        ssize_t got = pread(file_fd, part, wanted, (off_t)(offset + total));
        size_t sent = 0;
        if (got <= 0)
            error = got == 0 ? ERROR_CLOSED : ERROR_SYSTEM;
        else
            error = tls_session_write(session, (struct bytes){part, (size_t)got}, &sent);
        total += sent;
    }
    if (total == 0)
        return error;
    *ret_size = total;
    return ERROR_NONE;
}

enum error tls_session_end(struct tls_session *session)
{
    if (session->has_said_goodbye || !session->has_shaken || session->is_broken)
        return ERROR_NONE;
    prepare(session);
    int outcome = SSL_shutdown(session->library);
    session->has_said_goodbye = outcome >= 0;
    return outcome >= 0 ? ERROR_NONE : judge(session, outcome);
}

bool tls_session_has_input(const struct tls_session *session)
{
    return session->fate != ERROR_NONE || session->holds_more;
}

bool tls_session_wants_room(const struct tls_session *session)
{
    return session->wants_room;
}

const char *tls_session_version(const struct tls_session *session)
{
    return SSL_get_version(session->library);
}

const char *tls_session_cipher(const struct tls_session *session)
{
    return SSL_get_cipher_name(session->library);
}

const char *tls_session_server_name(const struct tls_session *session)
{
    return SSL_get_servername(session->library, TLSEXT_NAMETYPE_host_name);
}

bool tls_session_client_subject(const struct tls_session *session, char *text, size_t size)
{
    X509 *certificate = SSL_get0_peer_certificate(session->library);
    bool is_verified = (SSL_get_verify_mode(session->library) & SSL_VERIFY_PEER) != 0 &&
                       SSL_get_verify_result(session->library) == X509_V_OK;
    BIO *memory = certificate == NULL || !is_verified ? NULL : BIO_new(BIO_s_mem());
    if (memory == NULL)
        return false;
    char *data = NULL;
    bool is_written =
        X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0;
    long length = is_written ? BIO_get_mem_data(memory, &data) : -1;
    bool fits = length >= 0 && (size_t)length < size;
    if (fits) {
        memcpy(text, data, (size_t)length);
        text[length] = '\0';
    }
    BIO_free(memory);
    return fits;
}
