/* Any bytes on the pipe of the heartbeats: however reads tear them, they are heard as a second,
 * plain reading of the lines hears them; and what is heard can be written again (promises HBT-1,
 * HBT-4). */
#include "policy/heartbeat.h"

#include "must.h"

#include <stdio.h>
#include <string.h>

enum {
    STREAM_MAX = 4096,
    HEARD_MAX = STREAM_MAX
};

struct heard {
    size_t count;
    struct heartbeat list[HEARD_MAX];
};

static void hear(struct heard *heard, struct heartbeat heartbeat)
{
    MUST(heard->count < HEARD_MAX);
    heard->list[heard->count++] = heartbeat;
}

/* In pieces of this size, each in memory of its own. */
static void read_in_pieces(struct bytes stream, size_t size, struct heard *heard)
{
    struct heartbeat_reader reader;
    struct heartbeat heartbeat;
    heartbeat_reader_init(&reader);
    heard->count = 0;
    for (size_t at = 0; at < stream.size; at += size) {
        struct bytes piece = bytes_first(bytes_from(stream, at), size);
        char *memory = malloc(piece.size);
        MUST(memory != NULL);
        memcpy(memory, piece.data, piece.size);
        struct bytes rest = {memory, piece.size};
        while (heartbeat_read(&reader, &rest, &heartbeat))
            hear(heard, heartbeat);
        MUST(rest.size == 0);
        free(memory);
    }
}

/* `PID` or `PID:1`, a number without leading zeros. */
static bool read_line(const char *line, size_t size, struct heartbeat *ret_heartbeat)
{
    int64_t pid = 0;
    size_t digits = 0;
    for (; digits < size && line[digits] >= '0' && line[digits] <= '9' && pid <= INT32_MAX;
         digits++)
        pid = pid * 10 + (line[digits] - '0');
    bool is_leaving = size == digits + 2 && line[digits] == ':' && line[digits + 1] == '1';
    *ret_heartbeat = (struct heartbeat){(int32_t)pid, is_leaving};
    return size <= HEARTBEAT_LINE_MAX && pid > 0 && pid <= INT32_MAX && line[0] != '0' &&
           (is_leaving || digits == size);
}

static void read_plainly(struct bytes stream, struct heard *heard)
{
    size_t begin = 0;
    heard->count = 0;
    for (size_t at = 0; at < stream.size; at++) {
        struct heartbeat heartbeat;
        if (stream.data[at] != '\n')
            continue;
        if (read_line(stream.data + begin, at - begin, &heartbeat))
            hear(heard, heartbeat);
        begin = at + 1;
    }
}

static bool is_equal(const struct heard *a, const struct heard *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->list[i].pid != b->list[i].pid || a->list[i].is_leaving != b->list[i].is_leaving)
            return false;
    return true;
}

static void write_again(const struct heard *heard)
{
    static char storage[HEARD_MAX * 16];
    static struct heard again;
    struct buffer text;
    buffer_init(&text, storage, sizeof storage);
    for (size_t i = 0; i < heard->count; i++)
        MUST(heartbeat_write(&text, heard->list[i]));
    read_plainly(buffer_view(&text), &again);
    MUST(is_equal(heard, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heard whole;
    static struct heard other;
    struct bytes stream = {(const char *)data, size};
    if (size == 0 || size > STREAM_MAX)
        return 0;
    read_in_pieces(stream, size, &whole);
    read_plainly(stream, &other);
    MUST(is_equal(&whole, &other));
    read_in_pieces(stream, 1, &other);
    MUST(is_equal(&whole, &other));
    read_in_pieces(stream, 2 + data[0] % 40, &other);
    MUST(is_equal(&whole, &other));
    write_again(&whole);
    return 0;
}
