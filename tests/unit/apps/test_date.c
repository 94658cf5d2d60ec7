/* RFC 9110 5.6.7 */
#include "apps/date.h"

#include <criterion/criterion.h>

#define NOVEMBER_6_1994 784111777
#define DAY_S INT64_C(86400)

static const int64_t now_s = 1700000000; /* 2023-11-14 */

static void expect_date(const char *text, int64_t expected_s)
{
    int64_t date_s = INT64_MIN;
    cr_expect(date_read(text, now_s, &date_s), "%s", text);
    cr_expect_eq(date_s, expected_s, "%s: %lld", text, (long long)date_s);
}

Test(date, is_read_in_three_forms)
{
    expect_date("Sun, 06 Nov 1994 08:49:37 GMT", NOVEMBER_6_1994);
    expect_date("Sunday, 06-Nov-94 08:49:37 GMT", NOVEMBER_6_1994);
    expect_date("Sun Nov  6 08:49:37 1994", NOVEMBER_6_1994);
    expect_date("Sun Nov 06 08:49:37 1994", NOVEMBER_6_1994);
}

Test(date, is_the_second_that_the_calendar_has)
{
    static const struct {
        const char *text;
        int64_t date_s;
    } rows[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
        {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Mon, 06 Nov 1994 08:49:37 GMT", NOVEMBER_6_1994}, /* it was a Sunday */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_date(rows[i].text, rows[i].date_s);
}

Test(date, of_two_digits_is_at_most_50_years_ahead)
{
    expect_date("Tuesday, 14-Nov-23 00:00:00 GMT", 1699920000);
    expect_date("Friday, 31-Dec-99 23:59:59 GMT", 946684799);
    expect_date("Saturday, 01-Jan-00 00:00:00 GMT", 946684800);
    expect_date("Monday, 13-Nov-73 00:00:00 GMT", 3277756800);  /* 2073 */
    expect_date("Thursday, 15-Nov-73 00:00:00 GMT", 122169600); /* 1973 */
}

Test(date, that_is_written_otherwise_is_none)
{
    static const char *const rows[] = {
        "",
        "0",
        "now",
        "Sun",
        "Sun,",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 006 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994  08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Oct 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Thu, 29 Feb 2100 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  0 08:49:37 1994",
        "1994-11-06T08:49:37Z",
        "784111777",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t date_s = 42;
        cr_expect_not(date_read(rows[i], now_s, &date_s), "%s", rows[i]);
        cr_expect_eq(date_s, 42, "%s", rows[i]);
    }
}

Test(date, is_written_in_the_one_form_that_is_sent)
{
    static const struct {
        int64_t date_s;
        const char *text;
    } rows[] = {
        {NOVEMBER_6_1994, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951868799, "Tue, 29 Feb 2000 23:59:59 GMT"},
        {-1, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[DATE_SIZE];
        date_write(text, rows[i].date_s);
        cr_expect_str_eq(text, rows[i].text);
    }
}

Test(date, that_was_written_is_read_again)
{
    for (int64_t date_s = 0; date_s < 300 * 365 * DAY_S; date_s += 7 * DAY_S + 12345) {
        char text[DATE_SIZE];
        date_write(text, date_s);
        expect_date(text, date_s);
    }
}
