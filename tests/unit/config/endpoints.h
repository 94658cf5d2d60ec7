/* endpoints - one listen value that a test reads, and what is said of it.
 *
 * Not pure: what is not as expected fails the test. */
#ifndef TOAD_TESTS_CONFIG_ENDPOINTS_H
#define TOAD_TESTS_CONFIG_ENDPOINTS_H

#include "config/endpoint.h"

#define LENGTH(rows) (sizeof rows / sizeof rows[0])

/* Reads what must be right. */
struct endpoint endpoint_of(const char *value);
/* Reads what must be refused, for this reason. */
void expect_refused(const char *value, const char *reason);

#endif
