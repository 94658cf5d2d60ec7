#include "apps/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LAST_S INT64_C(253402300799) /* 9999-12-31 23:59:59 */

static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

enum {
    WEEKDAYS = 7,
    MONTHS = 12,
    SHORT_NAME = 3
};

void date_write(char text[DATE_SIZE], int64_t unix_s)
{
    time_t second = unix_s < 0 ? 0 : unix_s > LAST_S ? LAST_S : unix_s;
    struct tm date = {0};
    (void)gmtime_r(&second, &date);
    /* Not strftime(), whose names are those of a locale. */
    (void)snprintf(text, DATE_SIZE, "%.3s, %02u %s %04u %02u:%02u:%02u GMT", weekdays[date.tm_wday],
                   (unsigned)date.tm_mday % 100, months[date.tm_mon],
                   (unsigned)(date.tm_year + 1900) % 10000, (unsigned)date.tm_hour % 100,
                   (unsigned)date.tm_min % 100, (unsigned)date.tm_sec % 100);
}

/* ---- Reading ---- */

static bool read_number(const char **at, int digits, int most, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < digits; i++) {
        char digit = (*at)[i];
        if (digit < '0' || digit > '9')
            return false;
        number = number * 10 + (digit - '0');
    }
    if (number > most)
        return false;
    *at += digits;
    *ret_number = number;
    return true;
}

/* Names of `size` letters; 0: the whole name. */
static bool read_name(const char **at, const char *const *names, int count, size_t size,
                      int *ret_index)
{
    for (int i = 0; i < count; i++) {
        size_t length = size == 0 ? strlen(names[i]) : size;
        if (strncmp(*at, names[i], length) == 0) {
            *at += length;
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static bool read_year(const char **at, struct tm *date)
{
    int year = 0;
    if (!read_number(at, 4, 9999, &year))
        return false;
    date->tm_year = year - 1900;
    return true;
}

static bool read_day_with_space(const char **at, struct tm *date)
{
    if (**at != ' ')
        return read_number(at, 2, 31, &date->tm_mday);
    ++*at;
    return read_number(at, 1, 9, &date->tm_mday);
}

/* The letters are those of strptime(), which reads names of a locale and any amount of space. */
static bool read_part(char letter, const char **at, struct tm *date)
{
    switch (letter) {
    case 'a':
        return read_name(at, weekdays, WEEKDAYS, SHORT_NAME, &date->tm_wday);
    case 'A':
        return read_name(at, weekdays, WEEKDAYS, 0, &date->tm_wday);
    case 'b':
        return read_name(at, months, MONTHS, SHORT_NAME, &date->tm_mon);
    case 'd':
        return read_number(at, 2, 31, &date->tm_mday);
    case 'e':
        return read_day_with_space(at, date);
    case 'H':
        return read_number(at, 2, 23, &date->tm_hour);
    case 'M':
        return read_number(at, 2, 59, &date->tm_min);
    case 'S': /* A leap second is the sixtieth. */
        return read_number(at, 2, 60, &date->tm_sec);
    case 'y':
        return read_number(at, 2, 99, &date->tm_year);
    case 'Y':
        return read_year(at, date);
    default:
        return false;
    }
}

static bool read_form(const char *text, const char *form, struct tm *ret_date)
{
    struct tm date = {0};
    for (; *form != '\0'; form++) {
        if (*form == '%') {
            if (!read_part(*++form, &text, &date))
                return false;
        } else if (*text++ != *form) {
            return false;
        }
    }
    if (*text != '\0')
        return false;
    *ret_date = date;
    return true;
}

/* RFC 9110 5.6.7: a date of the obsolete form that appears to be more than 50 years ahead is the
 * most recent one in the past with the same two digits. */
static void find_century(struct tm *date, int64_t now_s)
{
    time_t now = now_s;
    struct tm latest = {0};
    (void)gmtime_r(&now, &latest);
    latest.tm_year += 50;
    date->tm_year += latest.tm_year - latest.tm_year % 100;
    struct tm tried = *date;
    if (timegm(&tried) > timegm(&latest))
        date->tm_year -= 100;
}

bool date_read(const char *text, int64_t now_s, int64_t *ret_unix_s)
{
    struct tm date;
    if (read_form(text, "%A, %d-%b-%y %H:%M:%S GMT", &date))
        find_century(&date, now_s);
    else if (!read_form(text, "%a, %d %b %Y %H:%M:%S GMT", &date) &&
             !read_form(text, "%a %b %e %H:%M:%S %Y", &date))
        return false;
    struct tm whole = date;
    whole.tm_hour = whole.tm_min = whole.tm_sec = 0;
    /* timegm() makes March 3rd of February 31st. */
    if (timegm(&whole) == -1 || whole.tm_mday != date.tm_mday || whole.tm_mon != date.tm_mon)
        return false;
    *ret_unix_s = timegm(&date);
    return true;
}
