#include "base/problem.h"

#include <criterion/criterion.h>

#include <string.h>

Test(problem_set, writes_one_line_and_hands_the_error_on)
{
    struct problem problem;
    cr_assert_eq(problem_set(&problem, ERROR_NOT_FOUND, "%s:%d: no such file", "a.conf", 7),
                 ERROR_NOT_FOUND);
    cr_assert_str_eq(problem.text, "a.conf:7: no such file");
}

Test(problem_set, cuts_what_is_too_long)
{
    char text[PROBLEM_TEXT_MAX + 100];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    struct problem problem;
    (void)problem_set(&problem, ERROR_INVALID, "%s", text);
    cr_assert_eq(strlen(problem.text), 1023);
}

Test(problem_set, shows_control_bytes_as_question_marks_and_keeps_the_rest)
{
    for (int byte = 1; byte < 256; byte++) {
        struct problem problem;
        (void)problem_set(&problem, ERROR_INVALID, "a%cb", byte);
        bool is_control = byte < 0x20 || byte == 0x7f;
        char expected[] = {'a', is_control ? '?' : (char)byte, 'b', '\0'};
        cr_assert_str_eq(problem.text, expected, "byte %d", byte);
    }
}
