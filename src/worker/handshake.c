#include "worker/handshake.h"

#include "http/http_target.h"
#include "sys/log.h"
#include "tls/tls_session.h"
#include "worker/conversation.h"
#include "worker/worker_process.h"

#include <errno.h>
#include <sys/socket.h>

enum {
    HANDSHAKE_RECORD = 22, /* RFC 8446 5.1 */
    LOOK_SIZE = 5          /* enough to know "HEAD " */
};

static void refuse_plain(struct connection *connection, struct bytes begin)
{
    connection->asks_for_head = http_asks_for_head(begin);
    conversation_refuse(connection, 400,
                        "This port is for TLS: its addresses begin with https://, not http://");
}

static bool is_method(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || byte == '\r' || byte == '\n';
}

/* Looks at the first bytes, which stay where they are. True if a handshake can begin. */
static bool begin(struct connection *connection)
{
    char bytes[LOOK_SIZE];
    ssize_t size = recv(connection->io.fd, bytes, sizeof bytes, MSG_PEEK);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    bool is_handshake = size > 0 && bytes[0] == HANDSHAKE_RECORD;
    if (size > 0 && is_method(bytes[0]))
        refuse_plain(connection, (struct bytes){bytes, (size_t)size});
    else if (!is_handshake)
        connection->is_lost = true;
    else if (tls_session_open(connection->context, connection->io.fd, &connection->tls) !=
             ERROR_NONE) {
        log_write(LOG_LEVEL_ERROR, "A connection is dropped: no memory for TLS");
        connection->is_lost = true;
    }
    return connection->tls != NULL;
}

/* A close resets a connection on which bytes were not read, and the reset would take away the alert
 * that says why. */
static void give_up(struct connection *connection)
{
    ssize_t size = recv(connection->io.fd, connection->worker->input, READ_SIZE_MAX, MSG_DONTWAIT);
    (void)size; /* there may be none, and what comes later is the client's own doing */
    connection->is_lost = true;
}

bool handshake_advance(struct connection *connection)
{
    if (connection->tls == NULL && !begin(connection))
        return false;
    enum error error = tls_session_shake(connection->tls);
    if (error == ERROR_NONE)
        conversation_observe(connection, HTTP_SESSION_SHAKEN);
    else if (error != ERROR_AGAIN)
        give_up(connection);
    return error == ERROR_NONE && !connection->is_lost;
}
