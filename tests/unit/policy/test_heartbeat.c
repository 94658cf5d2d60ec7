#include "policy/heartbeat.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

enum {
    BEATS_MAX = 64
};

/* What a reader made of a stream. */
struct heard {
    size_t count;
    struct heartbeat list[BEATS_MAX];
};

static void read_chunk(struct heartbeat_reader *reader, struct bytes chunk, struct heard *heard)
{
    while (heartbeat_read(reader, &chunk, &heard->list[heard->count]))
        cr_assert_lt(++heard->count, BEATS_MAX);
    cr_assert_eq(chunk.size, 0);
}

static struct heard read_whole(struct bytes stream)
{
    struct heartbeat_reader reader;
    struct heard heard = {.count = 0};
    heartbeat_reader_init(&reader);
    read_chunk(&reader, stream, &heard);
    return heard;
}

static bool are_equal(const struct heard *a, const struct heard *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (a->list[i].pid != b->list[i].pid || a->list[i].is_leaving != b->list[i].is_leaving)
            return false;
    return a->count == b->count;
}

/* Promise HBT-1: the two forms of a line. */
Test(heartbeat_read, reads_both_forms)
{
    struct heard heard = read_whole(BYTES("101\n102:1\n2147483647\n1:1\n"));
    static const struct heartbeat expected[] = {
        {101, false}, {102, true}, {INT32_MAX, false}, {1, true}};
    cr_assert_eq(heard.count, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(heard.list[i].pid, expected[i].pid, "line %zu", i);
        cr_assert_eq(heard.list[i].is_leaving, expected[i].is_leaving, "line %zu", i);
    }
}

/* Promise HBT-1. */
Test(heartbeat_write, writes_what_the_reader_reads)
{
    char storage[64];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    cr_assert(heartbeat_write(&buffer, (struct heartbeat){4711, false}));
    cr_assert(heartbeat_write(&buffer, (struct heartbeat){INT32_MAX, true}));
    cr_assert(bytes_equal(buffer_view(&buffer), BYTES("4711\n2147483647:1\n")));
    struct heard heard = read_whole(buffer_view(&buffer));
    cr_assert_eq(heard.count, 2);
    cr_assert_eq(heard.list[1].pid, INT32_MAX);
    buffer_init(&buffer, storage, 4);
    cr_assert_not(heartbeat_write(&buffer, (struct heartbeat){4711, false}));
    cr_assert_eq(buffer.size, 0);
}

static const char stream[] = "101\n102:1\n\n103\nxyz\n104:1\n7:0\n99999999999999999999\n"
                             "this line is longer than any heartbeat could ever be\n105\n";

/* Promise HBT-4: torn in any two places, the same beats are read. */
Test(heartbeat_read, loses_no_beat_wherever_reads_tear_the_stream)
{
    const struct bytes whole = {stream, sizeof stream - 1};
    const struct heard expected = read_whole(whole);
    cr_assert_eq(expected.count, 5);
    for (size_t first = 0; first <= whole.size; first++)
        for (size_t second = first; second <= whole.size; second++) {
            struct heartbeat_reader reader;
            struct heard heard = {.count = 0};
            heartbeat_reader_init(&reader);
            read_chunk(&reader, bytes_first(whole, first), &heard);
            read_chunk(&reader, bytes_first(bytes_from(whole, first), second - first), &heard);
            read_chunk(&reader, bytes_from(whole, second), &heard);
            cr_assert(are_equal(&heard, &expected), "cut at %zu and %zu", first, second);
        }
}

/* Promise HBT-4: byte by byte. */
Test(heartbeat_read, reads_single_bytes)
{
    const struct bytes whole = {stream, sizeof stream - 1};
    const struct heard expected = read_whole(whole);
    struct heartbeat_reader reader;
    struct heard heard = {.count = 0};
    heartbeat_reader_init(&reader);
    for (size_t i = 0; i < whole.size; i++)
        read_chunk(&reader, (struct bytes){whole.data + i, 1}, &heard);
    cr_assert(are_equal(&heard, &expected));
}

/* Promise HBT-4: garbage between two lines costs neither of them. */
Test(heartbeat_read, drops_garbage_up_to_the_next_line_end)
{
    static const char *const garbage[] = {"",         "0",    "0:1",        "-5",  "+5",   " 5",
                                          "5 ",       "05",   "5:",         ":1",  "5:0",  "5:2",
                                          "5:1:1",    "5:11", "2147483648", "5\r", "0x5",  "5.0",
                                          "\xff\xfe", "1e3",  "4294967297", "--",  "5:1 ", ":"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "101\n%s\n102\n", garbage[i]);
        struct heard heard = read_whole(bytes_of(text));
        cr_assert_eq(heard.count, 2, "garbage \"%s\"", garbage[i]);
        cr_assert_eq(heard.list[0].pid, 101);
        cr_assert_eq(heard.list[1].pid, 102);
    }
    struct heard heard = read_whole(BYTES("101\n10\0002\n102\n"));
    cr_assert_eq(heard.count, 2, "a NUL is garbage as well");
}

/* Promise HBT-4: the longest line that is kept, and the first that is not. */
Test(heartbeat_read, drops_an_overlong_line_whole)
{
    for (size_t size = HEARTBEAT_LINE_MAX - 2; size < 4 * HEARTBEAT_LINE_MAX; size++)
        for (size_t cut = 0; cut <= size; cut++) {
            char line[4 * HEARTBEAT_LINE_MAX + 8];
            memset(line, '7', size);
            /* Its end alone would be a heartbeat. */
            memcpy(line + size, "\n101\n", 5);
            struct heartbeat_reader reader;
            struct heard heard = {.count = 0};
            heartbeat_reader_init(&reader);
            read_chunk(&reader, (struct bytes){line, cut}, &heard);
            read_chunk(&reader, (struct bytes){line + cut, size + 5 - cut}, &heard);
            cr_assert_eq(heard.count, 1, "size %zu, cut %zu", size, cut);
            cr_assert_eq(heard.list[0].pid, 101);
        }
}

/* Promise HBT-4. */
Test(heartbeat_read, takes_zeros_no_further_than_the_line)
{
    char line[HEARTBEAT_LINE_MAX + 1];
    memset(line, '0', sizeof line);
    line[HEARTBEAT_LINE_MAX - 1] = '5';
    line[HEARTBEAT_LINE_MAX] = '\n';
    cr_assert_eq(read_whole((struct bytes){line, sizeof line}).count, 0, "a pid begins with no 0");
    cr_assert_eq(read_whole((struct bytes){NULL, 0}).count, 0);
}
