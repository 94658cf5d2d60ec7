/* reading - one configuration that a test reads, and what is said of it.
 *
 * Not pure: the configuration is the process's only one, and what is not as expected fails the
 * test. Faults are named as those of "myapp.conf". */
#ifndef TOAD_TESTS_CONFIG_READING_H
#define TOAD_TESTS_CONFIG_READING_H

#include "config/config.h"

#define LENGTH(rows) (sizeof rows / sizeof rows[0])

/* What was read last. */
extern struct config config;

struct refusal {
    const char *text;
    const char *problem;
};

enum error read_config(const char *text, struct problem *problem);
/* Reads what must be right. */
void take(const char *text);
/* Reads what must be refused with this problem. */
void expect_refused(const char *text, const char *expected);
void expect_all_refused(const struct refusal *rows, size_t count);

#endif
