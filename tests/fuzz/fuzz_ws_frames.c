/* Any stream of bytes as frames (promise CON-8): ws_frame and wslay, another library, read the
 * same, whole, byte by byte, and in pieces that the first byte chooses. */
#include "../unit/ws/second_opinion.h"

#include <stdio.h>

enum {
    STREAM_MAX = 8192
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct bytes stream, struct cuts cuts)
{
    static char storage[256];
    struct opinion_counts counts = {.same = 0};
    struct buffer said;
    buffer_init(&said, storage, sizeof storage);
    if (opinions_play(stream, cuts, &counts, &said))
        return;
    (void)fprintf(stderr, "%.*s\n", (int)said.size, said.data);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > STREAM_MAX)
        return 0;
    struct bytes stream = {(const char *)data + 1, size - 1};
    check(stream, (struct cuts){.first = stream.size});
    check(stream, (struct cuts){.first = 1, .rest = 1});
    check(stream, (struct cuts){.seed = data[0] + UINT64_C(1)});
    return 0;
}
