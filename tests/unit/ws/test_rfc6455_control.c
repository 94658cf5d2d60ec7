/* RFC 6455 5.5 and 7: pings, pongs and closes (promise CON-8). */
#include "rows.h"

static const struct row pings[] = {
#define PINGS(...) {__VA_ARGS__},
#include "rfc6455_control.def"
#undef PINGS
};

Test(rfc6455_5_5, answers_pings_and_refuses_malformed_control_frames)
{
    ROWS_CHECK(pings, &not_agreed);
}

static const struct row closes[] = {
#define CLOSES(...) {__VA_ARGS__},
#include "rfc6455_control.def"
#undef CLOSES
};

Test(rfc6455_5_5_1, answers_a_close_and_reads_nothing_behind_it)
{
    ROWS_CHECK(closes, &not_agreed);
}

static const struct row codes[] = {
#define CODES(...) {__VA_ARGS__},
#include "rfc6455_control.def"
#undef CODES
};

Test(rfc6455_7_4, knows_the_codes_that_may_be_sent)
{
    ROWS_CHECK(codes, &not_agreed);
}
