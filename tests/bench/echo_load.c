/* echo_load - keeps a WebSocket echo busy, and counts.
 *
 *     echo_load PORT CONNECTIONS BYTES DEPTH SECONDS
 *
 * Each connection has DEPTH messages of so many bytes under way, sent in one write; when all of
 * them are back the next ones go. Prints how many came back; an answer that differs ends it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    CONNECTIONS_MAX = 1024,
    BATCH_MAX = 1 << 18,
    MASK_SIZE = 4
};

static const char opening[] =
    "GET /echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* What each connection sends and gets at once. */
static char request[BATCH_MAX];
static char answer[BATCH_MAX];
static size_t request_size;
static size_t answer_size;

static int sockets[CONNECTIONS_MAX];
static size_t taken[CONNECTIONS_MAX]; /* of the answer */

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    (void)fprintf(stderr, "echo_load: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void add(char *batch, size_t *size, const void *data, size_t count)
{
    must(*size + count <= BATCH_MAX, "the batch is too large");
    memcpy(batch + *size, data, count);
    *size += count;
}

static void add_head(char *batch, size_t *size, size_t bytes, unsigned mask_bit)
{
    unsigned char head[4] = {0x81, (unsigned char)(mask_bit | (bytes < 126 ? bytes : 126)),
                             (unsigned char)(bytes >> 8), (unsigned char)bytes};
    add(batch, size, head, bytes < 126 ? 2 : 4);
}

static void add_message(size_t bytes)
{
    static const char mask[MASK_SIZE] = {0x37, (char)0xfa, 0x21, 0x3d};
    add_head(request, &request_size, bytes, 0x80);
    add_head(answer, &answer_size, bytes, 0);
    add(request, &request_size, mask, sizeof mask);
    for (size_t i = 0; i < bytes; i++) {
        char letter = (char)('a' + i % 26);
        char masked = (char)(letter ^ mask[i % MASK_SIZE]);
        add(answer, &answer_size, &letter, 1);
        add(request, &request_size, &masked, 1);
    }
}

static int open_one(uint16_t port)
{
    int one = 1;
    char head[1024];
    size_t size = 0;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
        fail("echo_load: connect");
    must(write(fd, opening, sizeof opening - 1) == (ssize_t)sizeof opening - 1, "no opening");
    while (memmem(head, size, "\r\n\r\n", 4) == NULL) {
        ssize_t more = read(fd, head + size, sizeof head - size);
        must(more > 0, "the opening is not answered");
        size += (size_t)more;
    }
    must(memmem(head, size, " 101 ", 5) != NULL, "the opening is refused");
    return fd;
}

static void ask(uint32_t index)
{
    taken[index] = 0;
    must(write(sockets[index], request, request_size) == (ssize_t)request_size, "a short write");
}

/* True once the whole answer is there. */
static bool listen_to(uint32_t index)
{
    static char input[BATCH_MAX];
    ssize_t size = read(sockets[index], input, answer_size - taken[index]);
    must(size > 0 && memcmp(input, answer + taken[index], (size_t)size) == 0, "a wrong answer");
    taken[index] += (size_t)size;
    return taken[index] == answer_size;
}

static uint64_t run(int epoll, uint32_t connections, double seconds)
{
    uint64_t batches = 0;
    double end = now() + seconds;
    for (uint32_t i = 0; i < connections; i++)
        ask(i);
    while (now() < end) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++) {
            if (!listen_to(events[i].data.u32))
                continue;
            batches++;
            ask(events[i].data.u32);
        }
    }
    return batches;
}

int main(int count, char **values)
{
    unsigned long numbers[5] = {0};
    for (int i = 1; i < count && i <= 5; i++)
        numbers[i - 1] = strtoul(values[i], NULL, 10);
    bool is_well = count == 6 && numbers[0] <= UINT16_MAX && numbers[1] <= CONNECTIONS_MAX &&
                   numbers[2] <= UINT16_MAX;
    must(is_well, "PORT CONNECTIONS BYTES DEPTH SECONDS");
    for (unsigned long i = 0; i < numbers[3]; i++)
        add_message(numbers[2]);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < numbers[1]; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = i}};
        sockets[i] = open_one((uint16_t)numbers[0]);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event) != 0)
            fail("echo_load: epoll");
    }
    uint64_t batches = run(epoll, (uint32_t)numbers[1], (double)numbers[4]);
    (void)printf("%llu\n", (unsigned long long)batches * numbers[3]);
    return 0;
}
