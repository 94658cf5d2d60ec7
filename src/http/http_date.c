#include "http/http_writer.h"

#include <string.h>

enum {
    DAY_S = 86400,
    /* Years are counted from March, so that the leap day is the last one of its year. */
    DAYS_BEFORE_1970 = 719468, /* from March 1st of the year 0 */
    CYCLE_DAYS = 146097,       /* 400 years */
    CENTURY_DAYS = 36524,      /* the first three of a cycle */
    LEAP_CYCLE_DAYS = 1461,    /* four years */
    YEAR_DAYS = 365
};

#define LAST_S INT64_C(253402300799) /* 9999-12-31 23:59:59 */

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const uint32_t month_days[12] = {31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29};

struct date {
    uint32_t year;
    uint32_t month; /* 0 is January */
    uint32_t day;   /* 1 is the first */
};

/* Takes as many whole spans of `size` days out of `*days` as there are, but at most `most`. */
static uint32_t take_spans(uint32_t *left, uint32_t size, uint32_t most)
{
    uint32_t spans = *left / size;
    if (spans > most)
        spans = most;
    *left -= spans * size;
    return spans;
}

static struct date date_of(uint32_t days_since_1970)
{
    uint32_t left = days_since_1970 + DAYS_BEFORE_1970;
    uint32_t year = 400 * take_spans(&left, CYCLE_DAYS, UINT32_MAX);
    year += 100 * take_spans(&left, CENTURY_DAYS, 3);
    year += 4 * take_spans(&left, LEAP_CYCLE_DAYS, 24);
    year += take_spans(&left, YEAR_DAYS, 3);
    uint32_t month = 0;
    while (left >= month_days[month])
        left -= month_days[month++];
    /* Back to years that begin in January. */
    return (struct date){year + (month >= 10), (month + 2) % 12, left + 1};
}

static void write_digits(char *text, uint32_t number, int digits)
{
    while (digits-- > 0) {
        text[digits] = (char)('0' + number % 10);
        number /= 10;
    }
}

void http_date_write(char date[HTTP_DATE_SIZE], int64_t unix_s)
{
    int64_t second = unix_s < 0 ? 0 : unix_s > LAST_S ? LAST_S : unix_s;
    uint32_t day = (uint32_t)(second / DAY_S);
    uint32_t of_day = (uint32_t)(second % DAY_S);
    struct date civil = date_of(day);
    memcpy(date, "Thu, 01 Jan 1970 00:00:00 GMT", HTTP_DATE_SIZE);
    memcpy(date, days[(day + 4) % 7], 3);
    write_digits(date + 5, civil.day, 2);
    memcpy(date + 8, months[civil.month], 3);
    write_digits(date + 12, civil.year, 4);
    write_digits(date + 17, of_day / 3600, 2);
    write_digits(date + 20, of_day / 60 % 60, 2);
    write_digits(date + 23, of_day % 60, 2);
}
