/* rows - tables of streams and of what a session makes of them.
 *
 * Each row is played whole, byte by byte, cut once at every byte, and at random cuts: the cuts must
 * never make a difference. */
#ifndef TOAD_TESTS_UNIT_WS_ROWS_H
#define TOAD_TESTS_UNIT_WS_ROWS_H

#include "transcript.h"

#include <criterion/criterion.h>

enum {
    ROW_MESSAGE_MOST = 1000,
    ROW_STREAM_MAX = 1 << 20,
    ROW_SAID_MAX = 1 << 16,
    ROW_EVERY_CUT_MAX = 512, /* longer streams are not cut at every byte */
};

struct row {
    const char *id; /* WS-RFC-SECTION-NUMBER */
    const char *meaning;
    const char *sent;
    const char *expected;
};

static inline void row_play(const struct row *row, struct bytes stream, struct cuts cuts,
                            const struct ws_deflate_terms *terms)
{
    static char storage[ROW_SAID_MAX];
    struct buffer said;
    buffer_init(&said, storage, sizeof storage);
    transcript_play(stream, cuts, terms, ROW_MESSAGE_MOST, &said);
    cr_expect(bytes_equal(buffer_view(&said), bytes_of(row->expected)),
              "%s, %s, cuts %zu %zu %lu:\n  expected %s\n  got      %.*s", row->id, row->meaning,
              cuts.first, cuts.rest, (unsigned long)cuts.seed, row->expected, (int)said.size,
              said.data);
}

static inline void row_check(const struct row *row, const struct ws_deflate_terms *terms)
{
    static char storage[ROW_STREAM_MAX];
    struct buffer stream;
    buffer_init(&stream, storage, sizeof storage);
    notation_read(row->sent, &stream);
    row_play(row, buffer_view(&stream), (struct cuts){.first = stream.size}, terms);
    row_play(row, buffer_view(&stream), (struct cuts){.first = 1, .rest = 1}, terms);
    for (size_t cut = 1; cut < stream.size && stream.size <= ROW_EVERY_CUT_MAX; cut++)
        row_play(row, buffer_view(&stream), (struct cuts){.first = cut, .rest = stream.size},
                 terms);
    for (uint64_t seed = 1; seed <= 8; seed++)
        row_play(row, buffer_view(&stream), (struct cuts){.seed = seed}, terms);
}

static inline void rows_check(const struct row *rows, size_t count,
                              const struct ws_deflate_terms *terms)
{
    for (size_t i = 0; i < count; i++) {
        cr_expect(i == 0 || strcmp(rows[i].id, rows[i - 1].id) != 0, "%s stands twice", rows[i].id);
        row_check(&rows[i], terms);
    }
}

#define ROWS_CHECK(rows, terms) rows_check(rows, sizeof(rows) / sizeof(rows)[0], terms)

#endif
