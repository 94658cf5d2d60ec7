/* RFC 7692 6 and 7.2: compressed messages (promise CON-8). */
#include "rows.h"

static const struct ws_deflate_terms forgetting = {
    .is_agreed = true, .server_window_bits = 15, .client_window_bits = 15};
static const struct ws_deflate_terms keeping = {.is_agreed = true,
                                                .server_keeps_context = true,
                                                .client_keeps_context = true,
                                                .server_window_bits = 15,
                                                .client_window_bits = 15};

static const struct row both[] = {
#define BOTH(...) {__VA_ARGS__},
#include "rfc7692_messages.def"
#undef BOTH
};

Test(rfc7692_7_2, inflates_messages)
{
    ROWS_CHECK(both, &forgetting);
    ROWS_CHECK(both, &keeping);
}

static const struct row with_context[] = {
#define WITH_CONTEXT(...) {__VA_ARGS__},
#include "rfc7692_messages.def"
#undef WITH_CONTEXT
};

Test(rfc7692_7_2_3_2, shares_the_window_between_messages)
{
    ROWS_CHECK(with_context, &keeping);
}

static const struct row without_context[] = {
#define WITHOUT_CONTEXT(...) {__VA_ARGS__},
#include "rfc7692_messages.def"
#undef WITHOUT_CONTEXT
};

Test(rfc7692_7_1_1_2, forgets_the_window_where_that_is_agreed)
{
    ROWS_CHECK(without_context, &forgetting);
}

static const struct row bombs[] = {
#define BOMBS(...) {__VA_ARGS__},
#include "rfc7692_messages.def"
#undef BOMBS
};

Test(rfc7692_8, caps_what_is_inflated)
{
    ROWS_CHECK(bombs, &forgetting);
    ROWS_CHECK(bombs, &keeping);
}
