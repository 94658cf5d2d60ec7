/* RFC 9110 5.6.7 */
#include "http/http_writer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void expect_date(int64_t unix_s, const char *expected)
{
    char date[HTTP_DATE_SIZE + 1];
    memset(date, '#', sizeof date);
    http_date_write(date, unix_s);
    cr_expect_eq(date[HTTP_DATE_SIZE], '#');
    date[HTTP_DATE_SIZE] = '\0';
    cr_expect_str_eq(date, expected, "%lld: %s", (long long)unix_s, date);
}

/* Promise CON-4 */
Test(http_date, is_the_date_that_the_calendar_has)
{
    static const struct {
        int64_t unix_s;
        const char *date;
    } rows[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {1, "Thu, 01 Jan 1970 00:00:01 GMT"},
        {86399, "Thu, 01 Jan 1970 23:59:59 GMT"},
        {86400, "Fri, 02 Jan 1970 00:00:00 GMT"},
        {68169599, "Mon, 28 Feb 1972 23:59:59 GMT"},
        {68169600, "Tue, 29 Feb 1972 00:00:00 GMT"},
        {68256000, "Wed, 01 Mar 1972 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {946684799, "Fri, 31 Dec 1999 23:59:59 GMT"},
        {946684800, "Sat, 01 Jan 2000 00:00:00 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {951868799, "Tue, 29 Feb 2000 23:59:59 GMT"},
        {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
        {1709164800, "Thu, 29 Feb 2024 00:00:00 GMT"},
        {2147483647, "Tue, 19 Jan 2038 03:14:07 GMT"},
        {2147483648, "Tue, 19 Jan 2038 03:14:08 GMT"},
        {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
        {4294967296, "Sun, 07 Feb 2106 06:28:16 GMT"},
        {13574563200, "Tue, 29 Feb 2400 00:00:00 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_date(rows[i].unix_s, rows[i].date);
}

Test(http_date, stays_within_the_years_that_it_can_write)
{
    expect_date(-1, "Thu, 01 Jan 1970 00:00:00 GMT");
    expect_date(INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT");
    expect_date(253402300800, "Fri, 31 Dec 9999 23:59:59 GMT");
    expect_date(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month] + (month == 1 && is_leap);
}

/* Counts every day of eight centuries the slow way. */
Test(http_date, follows_the_calendar_day_by_day)
{
    static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t number = 0;
    for (int year = 1970; year < 2770; year++)
        for (int month = 0; month < 12; month++)
            for (int day = 1; day <= days_in(year, month); day++, number++) {
                char expected[64];
                (void)snprintf(expected, sizeof expected, "%s, %02d %s %d 12:34:56 GMT",
                               weekdays[number % 7], day, months[month], year);
                char date[HTTP_DATE_SIZE];
                http_date_write(date, number * 86400 + 45296);
                cr_assert_eq(memcmp(date, expected, HTTP_DATE_SIZE), 0, "%s", expected);
            }
}
