#include "client.h"

#include "kit/folder.h"
#include "kit/patience.h"
#include "served.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int (*client_wrap)(int fd);

static char text[1 << 20];

static int open_socket(int buffer_size)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE_US / 1000000};
    cr_assert_geq(fd, 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    if (buffer_size > 0)
        cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof buffer_size), 0);
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr = {htonl(INADDR_LOOPBACK)},
                               .sin_port = htons(served_port)};
    cr_assert_eq(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return client_wrap == NULL ? fd : client_wrap(fd);
}

int client_connect(void)
{
    return open_socket(0);
}

int client_connect_narrow(void)
{
    return open_socket(8192);
}

void client_send_bytes(int fd, const char *bytes, size_t rest)
{
    while (rest > 0) {
        ssize_t size = send(fd, bytes, rest, MSG_NOSIGNAL);
        if (size <= 0)
            return;
        bytes += size;
        rest -= (size_t)size;
    }
}

void client_send(int fd, const char *bytes)
{
    client_send_bytes(fd, bytes, strlen(bytes));
}

void client_send_many(int fd, const char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        client_send(fd, bytes);
}

void client_finish(int fd)
{
    (void)shutdown(fd, SHUT_WR);
}

void client_reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    (void)close(fd);
}

static bool worker_has_ended(void)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)worker, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* False at the end of the connection, or of the worker; a silence is no end. */
static bool receive(int fd, char *bytes, size_t size, size_t *ret_size)
{
    int64_t began_us = patience_now_us();
    int is_quick = 1;
    *ret_size = 0;
    /* A server whose window is full would else wait for the acknowledgement of a few bytes. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &is_quick, sizeof is_quick);
    while (!patience_readable(fd, 10000)) {
        if (worker_has_ended() && !patience_readable(fd, 0))
            return false;
        cr_assert_lt(patience_now_us() - began_us, PATIENCE_US, "the server says nothing: %s",
                     folder_read("log"));
    }
    ssize_t got = recv(fd, bytes, size, 0);
    *ret_size = got < 0 ? 0 : (size_t)got;
    return got > 0;
}

/* The head of an answer into `text`; its size, or 0. */
static size_t read_head(int fd)
{
    size_t size = 0;
    size_t got = 0;
    text[0] = '\0';
    while (size < sizeof text - 1 && receive(fd, text + size, 1, &got)) {
        text[++size] = '\0';
        if (size >= 4 && strcmp(text + size - 4, "\r\n\r\n") == 0)
            return size;
    }
    text[0] = '\0';
    return 0;
}

static size_t content_length(void)
{
    const char *field = strstr(text, "Content-Length: ");
    return field == NULL ? 0 : (size_t)strtoul(field + 16, NULL, 10);
}

const char *client_answer(int fd)
{
    size_t size = read_head(fd);
    size_t rest = size == 0 ? 0 : content_length();
    size_t got = 0;
    cr_assert_lt(size + rest, sizeof text);
    while (rest > 0 && receive(fd, text + size, rest, &got)) {
        size += got;
        rest -= got;
    }
    text[rest == 0 ? size : 0] = '\0';
    return text;
}

const char *client_ask(int fd, const char *request)
{
    client_send(fd, request);
    return client_answer(fd);
}

const char *client_ask_once(const char *request)
{
    int fd = client_connect();
    const char *answer = client_ask(fd, request);
    (void)close(fd);
    return answer;
}

const char *client_rest(int fd)
{
    size_t size = 0;
    size_t got = 0;
    while (size < sizeof text - 1 && receive(fd, text + size, sizeof text - 1 - size, &got))
        size += got;
    text[size] = '\0';
    return text;
}

const char *client_until(int fd, const char *end)
{
    size_t size = 0;
    size_t got = 0;
    size_t end_size = strlen(end);
    text[0] = '\0';
    while (size < sizeof text - 1 && receive(fd, text + size, 1, &got)) {
        text[++size] = '\0';
        if (size >= end_size && strcmp(text + size - end_size, end) == 0)
            return text;
    }
    return text;
}

bool client_skip(int fd, size_t size)
{
    static char bytes[1 << 16];
    size_t got = 0;
    while (size > 0) {
        if (!receive(fd, bytes, size < sizeof bytes ? size : sizeof bytes, &got))
            return false;
        size -= got;
    }
    return true;
}

bool client_read(int fd, char *bytes, size_t size)
{
    size_t got = 0;
    while (size > 0) {
        if (!receive(fd, bytes, size, &got))
            return false;
        bytes += got;
        size -= got;
    }
    return true;
}

bool client_skip_answer(int fd)
{
    return read_head(fd) > 0 && client_skip(fd, content_length());
}

void client_await_end(int fd)
{
    size_t got = 0;
    char bytes[4096];
    while (receive(fd, bytes, sizeof bytes, &got))
        continue;
    (void)close(fd);
}

const char *client_ask_all(const char *request)
{
    int fd = client_connect();
    client_send(fd, request);
    const char *answer = client_rest(fd);
    (void)close(fd);
    return answer;
}

bool client_has(const char *answer, const char *part)
{
    return strstr(answer, part) != NULL;
}

void client_expect_body(const char *answer, const char *status, const char *body)
{
    const char *end_of_head = strstr(answer, "\r\n\r\n");
    cr_assert_neq(end_of_head, NULL, "no answer: \"%s\"", answer);
    cr_expect_eq(strncmp(answer + 9, status, 3), 0, "not %s: %s", status, answer);
    cr_expect_str_eq(end_of_head + 4, body);
}
