/* RFC 9110 13.2.2 */
#include "apps/verdict.h"

#include <criterion/criterion.h>

#define BEFORE "Tue, 14 Nov 2023 22:13:19 GMT"
#define SAME "Tue, 14 Nov 2023 22:13:20 GMT"
#define AFTER "Tue, 14 Nov 2023 22:13:21 GMT"
#define MODIFIED_S 1700000000
#define NOW_S (MODIFIED_S + 1000)

static const struct version settled = {"\"now\"", MODIFIED_S, 100, true};
static const struct version young = {"W/\"now\"", MODIFIED_S, 100, false};

struct row {
    struct conditions conditions;
    int status;
};

static void expect_rows(const struct row *rows, size_t count, const struct version *version,
                        bool is_head)
{
    for (size_t i = 0; i < count; i++) {
        struct verdict verdict = verdict_of(&rows[i].conditions, version, is_head, NOW_S);
        cr_expect_eq(verdict.status, rows[i].status, "row %zu: %d", i, verdict.status);
    }
}

#define EXPECT_ROWS(rows, version, is_head)                                                        \
    expect_rows(rows, sizeof(rows) / sizeof((rows)[0]), version, is_head)

Test(verdict, without_conditions_is_everything)
{
    struct verdict verdict = verdict_of(&(struct conditions){0}, &settled, false, NOW_S);
    cr_expect(verdict.status == 200 && verdict.offset == 0 && verdict.size == 100);
}

Test(verdict, follows_the_preconditions_in_their_order)
{
    static const struct row rows[] = {
        {{.if_match = "\"now\""}, 200},
        {{.if_match = "*"}, 200},
        {{.if_match = "\"old\""}, 412},
        {{.if_match = "W/\"now\""}, 412},
        {{.if_match = "now"}, 412},
        {{.if_unmodified_since = SAME}, 200},
        {{.if_unmodified_since = AFTER}, 200},
        {{.if_unmodified_since = BEFORE}, 412},
        {{.if_unmodified_since = "yesterday"}, 200},
        {{.if_none_match = "\"now\""}, 304},
        {{.if_none_match = "W/\"now\""}, 304},
        {{.if_none_match = "*"}, 304},
        {{.if_none_match = "\"old\", \"now\""}, 304},
        {{.if_none_match = "\"old\""}, 200},
        {{.if_none_match = ""}, 200},
        {{.if_modified_since = SAME}, 304},
        {{.if_modified_since = AFTER}, 304},
        {{.if_modified_since = BEFORE}, 200},
        {{.if_modified_since = "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304},
        {{.if_modified_since = "Tue Nov 14 22:13:20 2023"}, 304},
        {{.if_modified_since = "today"}, 200},
        {{.if_modified_since = SAME ", " SAME}, 200},
        /* If-Match hides If-Unmodified-Since, If-None-Match hides If-Modified-Since. */
        {{.if_match = "\"now\"", .if_unmodified_since = BEFORE}, 200},
        {{.if_match = "\"old\"", .if_unmodified_since = AFTER}, 412},
        {{.if_none_match = "\"old\"", .if_modified_since = AFTER}, 200},
        {{.if_none_match = "\"now\"", .if_modified_since = BEFORE}, 304},
        /* The first two come before the others. */
        {{.if_match = "\"old\"", .if_none_match = "\"now\""}, 412},
        {{.if_match = "\"now\"", .if_none_match = "\"now\""}, 304},
        {{.if_unmodified_since = BEFORE, .if_modified_since = SAME}, 412},
        {{.if_unmodified_since = SAME, .if_modified_since = SAME}, 304},
    };
    EXPECT_ROWS(rows, &settled, false);
    EXPECT_ROWS(rows, &settled, true);
}

Test(verdict, looks_at_ranges_last)
{
    static const struct row rows[] = {
        {{.range = "bytes=1-2"}, 206},
        {{.range = "bytes=100-"}, 416},
        {{.range = "bytes=1-2,4-5"}, 200},
        {{.range = "bytes=1-2", .if_none_match = "\"now\""}, 304},
        {{.range = "bytes=100-", .if_none_match = "\"now\""}, 304},
        {{.range = "bytes=1-2", .if_match = "\"old\""}, 412},
        {{.range = "bytes=1-2", .if_match = "\"now\"", .if_none_match = "\"old\""}, 206},
        {{.range = "bytes=1-2", .if_range = "\"now\""}, 206},
        {{.range = "bytes=1-2", .if_range = "\"old\""}, 200},
        {{.range = "bytes=1-2", .if_range = "W/\"now\""}, 200},
        {{.range = "bytes=1-2", .if_range = "*"}, 200},
        {{.range = "bytes=1-2", .if_range = "\"now\", \"old\""}, 200},
        {{.range = "bytes=1-2", .if_range = ""}, 200},
        {{.range = "bytes=1-2", .if_range = SAME}, 206},
        {{.range = "bytes=1-2", .if_range = BEFORE}, 200},
        {{.range = "bytes=1-2", .if_range = AFTER}, 200},
        {{.range = "bytes=100-", .if_range = "\"old\""}, 200},
        {{.range = "bytes=100-", .if_range = "\"now\""}, 416},
        {{.if_range = "\"old\""}, 200},
    };
    EXPECT_ROWS(rows, &settled, false);
}

Test(verdict, says_which_bytes)
{
    struct conditions conditions = {.range = "bytes=-30"};
    struct verdict verdict = verdict_of(&conditions, &settled, false, NOW_S);
    cr_expect(verdict.status == 206 && verdict.offset == 70 && verdict.size == 30);
}

/* RFC 9110 14.2 */
Test(verdict, knows_no_ranges_for_head)
{
    static const struct row rows[] = {
        {{.range = "bytes=1-2"}, 200},
        {{.range = "bytes=100-"}, 200},
    };
    EXPECT_ROWS(rows, &settled, true);
}

/* RFC 9110 8.8.1, 8.8.2.2 */
Test(verdict, does_not_trust_a_file_that_may_still_change)
{
    static const struct row rows[] = {
        {{.if_match = "\"now\""}, 412},
        {{.if_match = "W/\"now\""}, 412},
        {{.if_match = "*"}, 200},
        {{.if_none_match = "W/\"now\""}, 304},
        {{.range = "bytes=1-2"}, 206},
        {{.range = "bytes=1-2", .if_range = "\"now\""}, 200},
        {{.range = "bytes=1-2", .if_range = "W/\"now\""}, 200},
        {{.range = "bytes=1-2", .if_range = SAME}, 200},
    };
    EXPECT_ROWS(rows, &young, false);
}
