/* bare_epoll - what the system itself costs: the least server that answers the requests of the
 * benchmark.
 *
 *     bare_epoll PORT
 *
 * One process, one epoll loop. It looks for ends of heads and reads nothing else, writes the
 * answers to what one read brought in one piece, and trusts its clients. Never to be run for
 * anything but measurements. */
#include "bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
    READ_SIZE = 65536,
    BATCH = 1024 /* answers in one write */
};

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/plain\r\n"       \
    "Content-Length: 11\r\n"
static const char lasting[] = HEAD "Keep-Alive: timeout=59\r\n\r\nHello World";
static const char last[] = HEAD "Connection: close\r\n\r\nHello World";

static char input[READ_SIZE];
static char answers[BATCH * sizeof lasting];

static size_t count_heads(const char *text, size_t size)
{
    size_t count = 0;
    const char *end = text + size;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), "\r\n\r\n", 4)) != NULL;)
        count++, at += 4;
    return count < BATCH ? count : BATCH;
}

/* False if the connection has ended. */
static bool serve(int fd)
{
    ssize_t size = read(fd, input, sizeof input);
    if (size < 0)
        return errno == EAGAIN;
    if (size == 0)
        return false;
    bool is_last = memmem(input, (size_t)size, "Connection: close", 17) != NULL;
    const char *answer = is_last ? last : lasting;
    size_t answer_size = (is_last ? sizeof last : sizeof lasting) - 1;
    size_t count = count_heads(input, (size_t)size);
    for (size_t i = 0; i < count; i++)
        memcpy(answers + i * answer_size, answer, answer_size);
    return write(fd, answers, count * answer_size) == (ssize_t)(count * answer_size) && !is_last;
}

static void welcome(int epoll, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
        if (!serve(fd) || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            (void)close(fd);
    }
}

int main(int count, char **values)
{
    long port = count == 2 ? strtol(values[1], NULL, 10) : 0;
    struct rlimit limit;
    if (port < 1 || port > 65535) {
        (void)fprintf(stderr, "Usage: bare_epoll PORT\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    int listener = bare_listen((uint16_t)port);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = listener}};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        bare_fail("bare_epoll: epoll");
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                welcome(epoll, listener);
            else if (!serve(fd))
                (void)close(fd);
        }
    }
}
