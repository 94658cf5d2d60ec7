#include "base/error.h"

#include <criterion/criterion.h>

#include <string.h>

static const char *const texts[] = {
    [ERROR_NONE] = "no error",
    [ERROR_FULL] = "no room is left",
    [ERROR_INVALID] = "the value is not valid",
    [ERROR_NOT_FOUND] = "there is no such thing",
    [ERROR_BUSY] = "somebody else holds it",
    [ERROR_AGAIN] = "nothing can be done right now",
    [ERROR_CLOSED] = "the other end has closed",
    [ERROR_MEMORY] = "out of memory",
    [ERROR_SYSTEM] = "the operating system refused",
};

enum {
#define ERROR(name, text) COUNTED_##name,
#include "base/error.def"
#undef ERROR
    ERRORS
};

Test(error_text, says_in_a_few_words_what_is_wrong)
{
    cr_assert_eq(sizeof texts / sizeof texts[0], ERRORS, "every error of the list is here");
    for (int i = 0; i < ERRORS; i++)
        cr_assert_str_eq(error_text((enum error)i), texts[i]);
}

Test(error_text, tells_all_errors_apart)
{
    for (int i = 0; i < ERRORS; i++)
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(texts[i], texts[j]);
}

Test(error_text, has_an_answer_for_a_number_that_is_no_error)
{
    cr_assert_str_eq(error_text((enum error)ERRORS), "unknown error");
}

Test(error_none, is_zero)
{
    cr_assert_eq((int)ERROR_NONE, 0);
}
