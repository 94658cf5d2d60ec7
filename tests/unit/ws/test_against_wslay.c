/* RFC 6455 5.2: frames as wslay reads them, another library (promise CON-8). */
#include "rows.h"
#include "second_opinion.h"

enum {
    STREAMS = 6000,
    STREAM_FRAMES_MOST = 6,
    STREAM_SIZE_MAX = STREAM_FRAMES_MOST * (1 << 17),
    RANDOM_CUTS = 3
};

static const struct row rows[] = {
#define MASKS(...) {__VA_ARGS__},
#define RESERVED(...) {__VA_ARGS__},
#define LENGTHS(...) {__VA_ARGS__},
#define LIMITS(...) {__VA_ARGS__},
#define FRAGMENTS(...) {__VA_ARGS__},
#include "rfc6455_frames.def"
#define PINGS(...) {__VA_ARGS__},
#define CLOSES(...) {__VA_ARGS__},
#define CODES(...) {__VA_ARGS__},
#include "rfc6455_control.def"
#define VALID(...) {__VA_ARGS__},
#define INVALID(...) {__VA_ARGS__},
#include "rfc6455_text.def"
#define BOTH(...) {__VA_ARGS__},
#define WITH_CONTEXT(...) {__VA_ARGS__},
#define WITHOUT_CONTEXT(...) {__VA_ARGS__},
#define BOMBS(...) {__VA_ARGS__},
#include "rfc7692_messages.def"
};

/* Says which stream it was: the name of its row, or the number from which it was made. */
static void check(const char *id, uint64_t number, struct bytes stream, struct cuts cuts,
                  struct opinion_counts *counts)
{
    char storage[256];
    struct buffer said;
    buffer_init(&said, storage, sizeof storage);
    cr_expect(opinions_play(stream, cuts, counts, &said), "%s %lu, cuts %zu %zu %lu: %.*s", id,
              (unsigned long)number, cuts.first, cuts.rest, (unsigned long)cuts.seed,
              (int)said.size, said.data);
}

static void expect_all_kinds(const struct opinion_counts *counts)
{
    cr_expect(counts->same > 0);
    cr_expect(counts->refused_streams > 0);
    cr_expect(counts->waiting_streams > 0);
    for (size_t i = 0; i < OPINION_REASONS; i++)
        cr_expect(counts->reasons[i] > 0, "It never happens that %s", opinion_reasons[i].meaning);
    for (size_t i = 0; i < sizeof counts->frames / sizeof counts->frames[0]; i++)
        cr_expect(counts->frames[i] > 0, "No frame has a length of form %zu", i);
}

Test(ws_frame, reads_the_rows_of_all_tables_as_wslay_does)
{
    static char storage[ROW_STREAM_MAX];
    struct opinion_counts counts = {.same = 0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer stream;
        buffer_init(&stream, storage, sizeof storage);
        notation_read(rows[i].sent, &stream);
        struct bytes bytes = buffer_view(&stream);
        check(rows[i].id, 0, bytes, (struct cuts){.first = bytes.size}, &counts);
        check(rows[i].id, 0, bytes, (struct cuts){.first = 1, .rest = 1}, &counts);
        for (size_t cut = 1; cut < bytes.size && bytes.size <= ROW_EVERY_CUT_MAX; cut++)
            check(rows[i].id, 0, bytes, (struct cuts){.first = cut, .rest = bytes.size}, &counts);
        for (uint64_t seed = 1; seed <= RANDOM_CUTS; seed++)
            check(rows[i].id, 0, bytes, (struct cuts){.seed = seed}, &counts);
    }
    expect_all_kinds(&counts);
}

/* A number below `most`. */
static uint64_t roll(uint64_t *dice, uint64_t most)
{
    *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*dice >> 33) % most;
}

static uint64_t roll_size(uint64_t *dice, bool is_control)
{
    static const uint64_t edges[] = {0, 1, 3, 4, 5, 8, 9, 124, 125, 126, 127, 4095, 65535, 65536};
    size_t count = sizeof edges / sizeof edges[0];
    if (is_control)
        return roll(dice, 126);
    if (roll(dice, 64) == 0)
        return 60000 + roll(dice, 10000);
    /* Long ones are rare, for the time that they take. */
    uint64_t size = edges[roll(dice, roll(dice, 16) == 0 ? count : count - 3)];
    return roll(dice, 2) == 0 ? size : roll(dice, 300);
}

/* A well-formed one; what looks like a payload is any. */
static void put_frame(uint64_t *dice, struct buffer *stream)
{
    unsigned opcode = (unsigned)roll(dice, 16);
    bool is_control = opcode >= 8;
    struct notation_frame frame = {.is_masked = roll(dice, 8) > 0};
    uint64_t size = roll_size(dice, is_control);
    bool is_final = is_control || roll(dice, 2) == 0;
    notation_put(stream, (is_final ? 0x80u : 0) |
                             (unsigned)(roll(dice, 4) ? 0 : roll(dice, 8)) << 4 | opcode);
    notation_write_length(&frame, size, stream);
    for (uint64_t i = 0; i < size + (frame.is_masked ? 4 : 0); i++)
        notation_put(stream, (unsigned)roll(dice, 256));
}

/* Every second stream has one byte changed, mostly in a head, and some end before they should. */
static void make_stream(uint64_t seed, struct buffer *stream)
{
    uint64_t dice = seed * UINT64_C(0x9e3779b97f4a7c15);
    size_t frames = 1 + (size_t)roll(&dice, STREAM_FRAMES_MOST);
    size_t changed = (size_t)roll(&dice, frames);
    size_t place = 0;
    for (size_t i = 0; i < frames; i++) {
        if (i == changed)
            place = stream->size + roll(&dice, WS_CLIENT_HEAD_MAX);
        put_frame(&dice, stream);
    }
    if (seed % 2 == 1 && place < stream->size)
        stream->data[place] = (char)roll(&dice, 256);
    if (roll(&dice, 4) == 0)
        stream->size = 1 + (size_t)roll(&dice, stream->size);
}

Test(ws_frame, reads_random_frames_as_wslay_does)
{
    static char storage[STREAM_SIZE_MAX];
    struct opinion_counts counts = {.same = 0};
    for (uint64_t seed = 1; seed <= STREAMS; seed++) {
        struct buffer stream;
        buffer_init(&stream, storage, sizeof storage);
        make_stream(seed, &stream);
        struct bytes bytes = buffer_view(&stream);
        check("stream", seed, bytes, (struct cuts){.first = bytes.size}, &counts);
        for (uint64_t i = 0; i < RANDOM_CUTS; i++)
            check("stream", seed, bytes, (struct cuts){.seed = seed * RANDOM_CUTS + i}, &counts);
    }
    expect_all_kinds(&counts);
}
