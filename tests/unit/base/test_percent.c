#include "base/percent.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

struct row {
    const char *text;
    const char *decoded; /* a null pointer: refused */
    bool is_form;
};

/* RFC 3986 2.1; a plus is a space in forms alone. */
Test(percent_decode, decodes_or_refuses_the_table)
{
    static const struct row table[] = {
        {"", "", false},
        {"plain/path?x=1", "plain/path?x=1", false},
        {"%41%62%2f%2F", "Ab//", false},
        {"a%20b+c", "a b+c", false},
        {"a%20b+c", "a b c", true},
        {"+%2B+", " + ", true},
        {"%ff%FF%fe", "\xff\xff\xfe", false},
        {"%25%34%31", "%41", false},
        {"100%", NULL, false},
        {"%4", NULL, false},
        {"%4g", NULL, false},
        {"%g4", NULL, false},
        {"%%41", NULL, false},
        {"%/0", NULL, false},
        {"%:0", NULL, false},
        {"%@0", NULL, false},
        {"%G0", NULL, false},
        {"%`0", NULL, false},
        {"%00", NULL, false},
        {"a%00b", NULL, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%s", table[i].text);
        bool is_right = percent_decode(text, table[i].is_form);
        cr_assert_eq(is_right, table[i].decoded != NULL, "row %zu", i);
        if (is_right)
            cr_assert_str_eq(text, table[i].decoded, "row %zu", i);
    }
}

Test(percent_decode, decodes_every_byte_in_both_cases)
{
    for (int byte = 1; byte < 256; byte++) {
        static const char *const formats[] = {"x%%%02xy", "x%%%02Xy"};
        for (int i = 0; i < 2; i++) {
            char text[8];
            (void)snprintf(text, sizeof text, formats[i], byte);
            cr_assert(percent_decode(text, false));
            char expected[] = {'x', (char)byte, 'y', '\0'};
            cr_assert_str_eq(text, expected);
        }
    }
}
