/* RFC 6455 5.1, 5.2, 5.3 and 5.4: the frame by itself, masks, fragments (promise CON-8). */
#include "rows.h"

static const struct row masks[] = {
#define MASKS(...) {__VA_ARGS__},
#include "rfc6455_frames.def"
#undef MASKS
};

Test(rfc6455_5_1, wants_every_frame_of_a_client_masked)
{
    ROWS_CHECK(masks, &not_agreed);
}

static const struct row reserved[] = {
#define RESERVED(...) {__VA_ARGS__},
#include "rfc6455_frames.def"
#undef RESERVED
};

Test(rfc6455_5_2, refuses_reserved_bits_and_opcodes)
{
    ROWS_CHECK(reserved, &not_agreed);
}

static const struct row lengths[] = {
#define LENGTHS(...) {__VA_ARGS__},
#include "rfc6455_frames.def"
#undef LENGTHS
};

Test(rfc6455_5_2, wants_the_least_form_of_a_length)
{
    ROWS_CHECK(lengths, &not_agreed);
}

static const struct row limits[] = {
#define LIMITS(...) {__VA_ARGS__},
#include "rfc6455_frames.def"
#undef LIMITS
};

Test(rfc6455_10_4, bounds_messages_with_all_their_fragments)
{
    ROWS_CHECK(limits, &not_agreed);
}

static const struct row fragments[] = {
#define FRAGMENTS(...) {__VA_ARGS__},
#include "rfc6455_frames.def"
#undef FRAGMENTS
};

Test(rfc6455_5_4, puts_fragments_together)
{
    ROWS_CHECK(fragments, &not_agreed);
}
