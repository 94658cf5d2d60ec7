/* bare_tls - what TLS itself costs: the least server that answers the requests of the benchmark
 * within it.
 *
 *     bare_tls PORT CERTIFICATE KEY
 *
 * One process, one epoll loop, the library as it comes. It reads no requests and trusts its clients
 * to take what they get. Never to be run for anything but measurements. */
#include "bare.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    READ_SIZE = 65536
};

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/plain\r\n"       \
    "Content-Length: 11\r\n"
static const char lasting[] = HEAD "Keep-Alive: timeout=59\r\n\r\nHello World";
static const char last[] = HEAD "Connection: close\r\n\r\nHello World";

static char input[READ_SIZE];

static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static SSL_CTX *open_context(const char *certificate, const char *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        bare_fail("bare_tls: certificate");
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_session_id_context(context, (const unsigned char *)"bare", 4);
    SSL_CTX_set_read_ahead(context, 1);
    return context;
}

static bool waits(SSL *tls, int outcome)
{
    int reason = SSL_get_error(tls, outcome);
    ERR_clear_error();
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

/* False if the connection has ended. */
static bool serve(SSL *tls)
{
    int outcome = SSL_is_init_finished(tls) ? 1 : SSL_accept(tls);
    if (outcome != 1)
        return waits(tls, outcome);
    int size = SSL_read(tls, input, sizeof input);
    if (size <= 0)
        return waits(tls, size);
    bool is_last = memmem(input, (size_t)size, "Connection: close", 17) != NULL;
    const char *answer = is_last ? last : lasting;
    return SSL_write(tls, answer, (int)((is_last ? sizeof last : sizeof lasting) - 1)) > 0 &&
           !is_last;
}

static void end(SSL *tls)
{
    int fd = SSL_get_fd(tls);
    (void)SSL_shutdown(tls);
    ERR_clear_error();
    SSL_free(tls);
    (void)close(fd);
}

static void welcome(SSL_CTX *context, int epoll, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        SSL *tls = SSL_new(context);
        if (tls == NULL || SSL_set_fd(tls, fd) != 1)
            bare_fail("bare_tls: memory");
        SSL_set_accept_state(tls);
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = tls}};
        if (!serve(tls) || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            end(tls);
    }
}

int main(int count, char **values)
{
    long port = count == 4 ? strtol(values[1], NULL, 10) : 0;
    if (port < 1 || port > 65535) {
        (void)fprintf(stderr, "Usage: bare_tls PORT CERTIFICATE KEY\n");
        return 2;
    }
    allow_descriptors();
    (void)signal(SIGPIPE, SIG_IGN);
    SSL_CTX *context = open_context(values[2], values[3]);
    int listener = bare_listen((uint16_t)port);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        bare_fail("bare_tls: epoll");
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            SSL *tls = events[i].data.ptr;
            if (tls == NULL)
                welcome(context, epoll, listener);
            else if (!serve(tls))
                end(tls);
        }
    }
}
