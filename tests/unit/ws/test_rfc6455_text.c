/* RFC 6455 5.6 and 8.1: texts are UTF-8, however they are cut (promise CON-8). */
#include "rows.h"

static const struct row valid[] = {
#define VALID(...) {__VA_ARGS__},
#include "rfc6455_text.def"
#undef VALID
};

Test(rfc6455_8_1, takes_every_character)
{
    ROWS_CHECK(valid, &not_agreed);
}

static const struct row invalid[] = {
#define INVALID(...) {__VA_ARGS__},
#include "rfc6455_text.def"
#undef INVALID
};

Test(rfc6455_8_1, refuses_everything_else)
{
    ROWS_CHECK(invalid, &not_agreed);
}
