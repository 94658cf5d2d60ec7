/* talk - a WebSocket seen from its client: frames in the notation of tests/unit/ws. */
#ifndef TOAD_TESTS_WORKER_TALK_H
#define TOAD_TESTS_WORKER_TALK_H

#include "../ws/notation.h"
#include "client.h"

#include <criterion/criterion.h>

#include <unistd.h>

#define TALK_KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define TALK_ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define TALK_FIELDS                                                                                \
    "Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "              \
    "13\r\n" TALK_KEY
#define OPENING(path) "GET " path " HTTP/1.1\r\n" TALK_FIELDS "\r\n"
#define OPENING_WITH(path, fields) "GET " path " HTTP/1.1\r\n" TALK_FIELDS fields "\r\n"

/* The notation as bytes, behind a text. */
static inline struct bytes talk_bytes(const char *text, const char *frames)
{
    static char storage[1 << 20];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    notation_must(buffer_append(&buffer, bytes_of(text)));
    notation_read(frames, &buffer);
    return buffer_view(&buffer);
}

static inline void talk_send(int fd, const char *frames)
{
    struct bytes bytes = talk_bytes("", frames);
    client_send_bytes(fd, bytes.data, bytes.size);
}

/* Opens one and gives its descriptor. */
static inline int talk_open_over(int fd, const char *opening)
{
    client_send(fd, opening);
    const char *answer = client_until(fd, "\r\n\r\n");
    cr_assert(client_has(answer, "HTTP/1.1 101 Switching Protocols\r\n"), "%s", answer);
    cr_assert(client_has(answer, TALK_ACCEPT), "%s", answer);
    return fd;
}

static inline int talk_open(const char *opening)
{
    return talk_open_over(client_connect(), opening);
}

static inline bool talk_read_frame(int fd, struct buffer *said)
{
    static char frame[1 << 20];
    size_t size = 2;
    if (!client_read(fd, frame, size))
        return false;
    unsigned length = (unsigned char)frame[1];
    size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
    cr_assert(client_read(fd, frame + size, more));
    uint64_t payload = more == 0 ? length : 0;
    for (size_t i = 0; i < more; i++)
        payload = payload << 8 | (unsigned char)frame[size + i];
    size += more;
    cr_assert(payload <= sizeof frame - size);
    cr_assert(client_read(fd, frame + size, (size_t)payload), "a frame is cut");
    size += (size_t)payload;
    if (said->size > 0)
        notation_must(buffer_append(said, BYTES(" | ")));
    cr_expect_eq(notation_say_frame((struct bytes){frame, size}, said), size);
    return true;
}

/* The next frames, `count` or all until the end of the connection; static. */
static inline const char *talk_read(int fd, unsigned count)
{
    static char storage[1 << 16];
    struct buffer said;
    buffer_init(&said, storage, sizeof storage - 1);
    for (unsigned i = 0; i < count && talk_read_frame(fd, &said); i++)
        continue;
    storage[said.size] = '\0';
    return storage;
}

static inline const char *talk_rest(int fd)
{
    const char *said = talk_read(fd, UINT32_MAX);
    (void)close(fd);
    return said;
}

/* Sends these frames and expects those. */
#define TALK(fd, sent, count, expected)                                                            \
    do {                                                                                           \
        talk_send(fd, sent);                                                                       \
        cr_expect_str_eq(talk_read(fd, count), expected);                                          \
    } while (0)

#endif
