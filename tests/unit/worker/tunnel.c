#include "tunnel.h"

#include "kit/child.h"
#include "tls/tls_context.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TUNNELS_MAX = 4096,
    DESCRIPTORS_MAX = 256,
    PART_SIZE = 16384
};

struct part {
    char data[PART_SIZE];
    size_t size; /* 0: there is room for the next one */
    size_t sent;
    bool has_ended;
};

struct tunnel {
    int plain;
    int secure;
    SSL *tls;
    struct part up;
    struct part down;
};

static pid_t tunnels[TUNNELS_MAX];
static size_t count;

static bool waits(const struct tunnel *tunnel, int outcome)
{
    int reason = SSL_get_error(tunnel->tls, outcome);
    ERR_clear_error();
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

static bool fill_up(struct tunnel *tunnel)
{
    struct part *up = &tunnel->up;
    if (up->has_ended || up->size > 0)
        return false;
    ssize_t size = recv(tunnel->plain, up->data, sizeof up->data, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN)
        return false;
    up->has_ended = size <= 0;
    up->size = size > 0 ? (size_t)size : 0;
    up->sent = 0;
    if (up->has_ended && SSL_is_init_finished(tunnel->tls))
        (void)SSL_shutdown(tunnel->tls);
    return true;
}

static bool drain_up(struct tunnel *tunnel)
{
    struct part *up = &tunnel->up;
    size_t sent = 0;
    if (up->size == 0)
        return false;
    int outcome = SSL_write_ex(tunnel->tls, up->data + up->sent, up->size - up->sent, &sent);
    if (outcome != 1 && waits(tunnel, outcome))
        return false;
    up->sent += sent;
    if (outcome != 1 || up->sent == up->size)
        up->size = 0;
    return true;
}

static bool fill_down(struct tunnel *tunnel)
{
    struct part *down = &tunnel->down;
    if (down->has_ended || down->size > 0)
        return false;
    int outcome = SSL_read_ex(tunnel->tls, down->data, sizeof down->data, &down->size);
    if (outcome != 1 && waits(tunnel, outcome))
        return false;
    down->has_ended = outcome != 1;
    down->sent = 0;
    if (down->has_ended)
        down->size = 0;
    return true;
}

static bool drain_down(struct tunnel *tunnel)
{
    struct part *down = &tunnel->down;
    if (down->size == 0)
        return false;
    ssize_t sent = send(tunnel->plain, down->data + down->sent, down->size - down->sent,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
        return false;
    down->has_ended = down->has_ended || sent < 0;
    down->sent += sent < 0 ? 0 : (size_t)sent;
    if (sent < 0 || down->sent == down->size)
        down->size = 0;
    return true;
}

static void await(const struct tunnel *tunnel)
{
    struct pollfd watched[] = {{.fd = tunnel->plain}, {.fd = tunnel->secure}};
    if (!tunnel->up.has_ended && tunnel->up.size == 0)
        watched[0].events |= POLLIN;
    if (tunnel->down.size > 0)
        watched[0].events |= POLLOUT;
    if (tunnel->down.size == 0)
        watched[1].events |= POLLIN;
    if (SSL_want_write(tunnel->tls))
        watched[1].events |= POLLOUT;
    (void)poll(watched, 2, -1);
}

/* Nobody's end waits for this process to close what it has inherited. */
static void close_others(const struct tunnel *tunnel)
{
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++)
        if (fd != tunnel->plain && fd != tunnel->secure)
            (void)close(fd);
}

/* Ends when the worker has, or the test has closed its end. */
static int relay(void *context)
{
    struct tunnel *tunnel = context;
    (void)signal(SIGPIPE, SIG_IGN);
    close_others(tunnel);
    SSL_CTX *library = SSL_CTX_new(TLS_client_method());
    (void)SSL_CTX_set_mode(library, SSL_MODE_ENABLE_PARTIAL_WRITE);
    tunnel->tls = SSL_new(library);
    (void)SSL_set_fd(tunnel->tls, tunnel->secure);
    SSL_set_connect_state(tunnel->tls);
    int flags = fcntl(tunnel->secure, F_GETFL);
    (void)fcntl(tunnel->secure, F_SETFL, flags | O_NONBLOCK);
    while (!tunnel->down.has_ended || tunnel->down.size > 0) {
        bool moves = fill_up(tunnel);
        moves = drain_up(tunnel) || moves;
        moves = fill_down(tunnel) || moves;
        moves = drain_down(tunnel) || moves;
        if (!moves)
            await(tunnel);
    }
    return 0;
}

struct tls_context *tunnel_context(void)
{
    const struct tls_settings settings = {
        .host = "127.0.0.1", .ca = "", .ciphers = "", .version = "", .verify = -1};
    struct tls_context *context = NULL;
    struct problem problem;
    cr_assert_eq(tls_context_open(&settings, &context, &problem), ERROR_NONE, "%s", problem.text);
    return context;
}

int tunnel_open(int fd)
{
    static struct tunnel tunnel;
    int ends[2];
    cr_assert_lt(count, TUNNELS_MAX);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    tunnel = (struct tunnel){.plain = ends[1], .secure = fd};
    tunnels[count++] = child_start(relay, &tunnel);
    (void)close(ends[1]);
    (void)close(fd);
    return ends[0];
}

void tunnel_close_all(void)
{
    while (count > 0)
        (void)child_wait(tunnels[--count]);
}
