/* Any bytes as what a client sends to a listener with TLS: it never agrees with them, for they were
 * written before it has said anything; and nothing is left of them (promise LSN-3). */
#include "tls/tls_context.h"
#include "tls/tls_session.h"

#include "must.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SENT_MAX = 65536 /* what a socket takes at once */
};

static struct tls_context *make_context(void)
{
    const struct tls_settings settings = {
        .host = "127.0.0.1", .ca = "", .ciphers = "", .version = "", .verify = -1};
    static struct tls_context *context;
    struct problem problem;
    (void)signal(SIGPIPE, SIG_IGN);
    MUST(tls_context_open(&settings, &context, &problem) == ERROR_NONE);
    return context;
}

/* In two parts, as networks do it: the first byte says where. */
static void send_part(int fd, const uint8_t *data, size_t size)
{
    if (size > 0)
        MUST(send(fd, data, size, 0) == (ssize_t)size || errno == EPIPE);
}

/* Neither agreement nor anything unknown; true if more could follow. */
static bool shake(struct tls_session *session)
{
    enum error error = tls_session_shake(session);
    MUST(error == ERROR_AGAIN || error == ERROR_SYSTEM || error == ERROR_CLOSED);
    return error == ERROR_AGAIN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tls_context *context;
    int ends[2];
    if (context == NULL)
        context = make_context();
    if (size == 0 || size > SENT_MAX)
        return 0;
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    struct tls_session *session = NULL;
    MUST(tls_session_open(context, ends[0], &session) == ERROR_NONE);
    size_t first = data[0] * (size - 1) / 255;
    send_part(ends[1], data + 1, first);
    bool goes_on = shake(session);
    if (goes_on) {
        send_part(ends[1], data + 1 + first, size - 1 - first);
        goes_on = shake(session);
    }
    (void)shutdown(ends[1], SHUT_WR);
    if (goes_on)
        (void)shake(session);
    tls_session_close(session, true);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}
