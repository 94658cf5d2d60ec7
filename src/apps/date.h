/* date - the dates of HTTP (RFC 9110 5.6.7).
 *
 * Pure. */
#ifndef TOAD_APPS_DATE_H
#define TOAD_APPS_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" with its NUL */

/* Writes the one form that is sent. The years 1970 to 9999; what is outside becomes the nearest
 * second of them. */
void date_write(char text[DATE_SIZE], int64_t unix_s);

/* Reads all three forms. `now_s` tells which century is meant where a year has two digits: the
 * latest one that is not more than 50 years ahead. False, and `ret_unix_s` untouched, for any other
 * text and for days that no calendar has. The day of the week is not compared with the date. */
bool date_read(const char *text, int64_t now_s, int64_t *ret_unix_s);

#endif
