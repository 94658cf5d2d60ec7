/* patience - waiting for something that must happen, however slow the machine is.
 *
 * What must not happen is waited for in a time that the test names. */
#ifndef TOAD_TESTS_KIT_PATIENCE_H
#define TOAD_TESTS_KIT_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Longer than anything that still works takes. */
#define PATIENCE_US INT64_C(20000000)

/* The monotonic clock, read without the code that is tested. */
int64_t patience_now_us(void);

void patience_sleep_us(int64_t time_us);

/* Asks until the condition holds; false if it never did. */
bool patience_holds(bool (*condition)(void *context), void *context);

/* True if something can be read from the descriptor, or its end was reached, in that time. */
bool patience_readable(int fd, int64_t time_us);

#endif
