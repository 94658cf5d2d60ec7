/* bare_websocket - what the system itself costs: the least server that echoes the messages of the
 * benchmark.
 *
 *     bare_websocket PORT
 *
 * One process, one epoll loop. Every handshake gets the answer to the one key that the benchmark
 * has; frames are unmasked and sent back with what one read brought, in one write. Nothing is
 * checked: not the opcode, not the text, not the order. A frame must fit into FRAME_MAX. Never to
 * be run for anything but measurements. */
#include "bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    FRAME_MAX = 16384,
    READ_SIZE = 65536,
    CONNECTIONS_MAX = 1024, /* descriptors */
    MASK_SIZE = 4
};

static const char accepted[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
static const char plain[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nHello World";

/* The beginning of a frame that has not come whole. */
struct rest {
    bool is_open; /* the handshake is over */
    size_t size;
    char data[FRAME_MAX];
};

static struct rest rests[CONNECTIONS_MAX];
static char input[FRAME_MAX + READ_SIZE];
static char output[FRAME_MAX + READ_SIZE];

/* Eight bytes at a time, as anybody would who counts them. */
static void unmask(char *to, const char *from, size_t size, const char mask[MASK_SIZE])
{
    uint64_t wide;
    size_t i = 0;
    char twice[sizeof wide];
    memcpy(twice, mask, MASK_SIZE);
    memcpy(twice + MASK_SIZE, mask, MASK_SIZE);
    memcpy(&wide, twice, sizeof wide);
    for (; size - i >= sizeof wide; i += sizeof wide) {
        uint64_t word;
        memcpy(&word, from + i, sizeof word);
        word ^= wide;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < size; i++)
        to[i] = (char)(from[i] ^ mask[i % MASK_SIZE]);
}

/* Copies one frame, unmasked. Gives the bytes that it took; 0: it is not whole. */
static size_t echo_frame(const char *from, size_t size, char *to, size_t *written)
{
    size_t head = 2;
    if (size < head)
        return 0;
    size_t payload = (unsigned char)from[1] & 127;
    if (payload == 126) {
        head = 4;
        payload = size < head ? 0 : (size_t)(unsigned char)from[2] << 8 | (unsigned char)from[3];
    }
    if (size < head + MASK_SIZE + payload || head + MASK_SIZE + payload > FRAME_MAX)
        return 0;
    memcpy(to, from, head);
    to[1] = (char)(to[1] & 127);
    unmask(to + head, from + head + MASK_SIZE, payload, from + head);
    *written += head + payload;
    return head + MASK_SIZE + payload;
}

static bool send_all(int fd, const char *data, size_t size)
{
    return size == 0 || write(fd, data, size) == (ssize_t)size;
}

static bool echo(int fd, struct rest *rest, size_t size)
{
    size_t used = 0;
    size_t written = 0;
    size_t step;
    while ((step = echo_frame(input + used, size - used, output + written, &written)) > 0)
        used += step;
    rest->size = size - used;
    if (rest->size > FRAME_MAX)
        return false;
    memcpy(rest->data, input + used, rest->size);
    return send_all(fd, output, written);
}

static bool welcome(int fd, struct rest *rest, size_t size)
{
    rest->is_open = memmem(input, size, "Upgrade", 7) != NULL;
    if (!rest->is_open)
        (void)send_all(fd, plain, sizeof plain - 1);
    return rest->is_open && send_all(fd, accepted, sizeof accepted - 1);
}

/* False if the connection has ended. */
static bool serve(int fd)
{
    struct rest *rest = &rests[fd];
    memcpy(input, rest->data, rest->size);
    ssize_t size = read(fd, input + rest->size, READ_SIZE);
    if (size <= 0)
        return size < 0 && errno == EAGAIN;
    return rest->is_open ? echo(fd, rest, rest->size + (size_t)size)
                         : welcome(fd, rest, (size_t)size);
}

static void accept_all(int epoll, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
        if (fd >= CONNECTIONS_MAX || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
            (void)close(fd);
            continue;
        }
        rests[fd].is_open = false;
        rests[fd].size = 0;
    }
}

int main(int count, char **values)
{
    long port = count == 2 ? strtol(values[1], NULL, 10) : 0;
    if (port < 1 || port > 65535) {
        (void)fprintf(stderr, "Usage: bare_websocket PORT\n");
        return 2;
    }
    int listener = bare_listen((uint16_t)port);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = listener}};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        bare_fail("bare_websocket: epoll");
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                accept_all(epoll, listener);
            else if (!serve(fd))
                (void)close(fd);
        }
    }
}
