#include "endpoints.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct endpoint endpoint_of(const char *value)
{
    struct endpoint endpoint;
    struct problem problem = {.text = ""};
    cr_assert_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_NONE, "%s",
                 problem.text);
    return endpoint;
}

void expect_refused(const char *value, const char *reason)
{
    struct endpoint endpoint;
    struct endpoint before;
    struct problem problem = {.text = ""};
    char expected[PROBLEM_TEXT_MAX];
    memset(&endpoint, 0x5a, sizeof endpoint);
    before = endpoint;
    (void)snprintf(expected, sizeof expected, "Invalid listen value \"%s\": %s", value, reason);
    cr_expect_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_INVALID, "%s", value);
    cr_expect_str_eq(problem.text, expected, "%s\n  says     %s\n  expected %s", value,
                     problem.text, expected);
    cr_expect_eq(memcmp(&endpoint, &before, sizeof endpoint), 0, "%s: untouched", value);
}
