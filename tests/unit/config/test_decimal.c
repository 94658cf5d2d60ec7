#include "config/decimal.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

static struct decimal read(const char *text)
{
    struct decimal decimal = {.count = 0};
    cr_assert(decimal_read(bytes_of(text), &decimal), "%s is a number", text);
    return decimal;
}

Test(decimal, reads_digits_with_point_and_exponent_and_nothing_else)
{
    static const char *const numbers[] = {"0",   "-0",   "+1",   "007",   "1.5",     "1.",   ".5",
                                          "1e3", "1E+3", "1e-3", "-.5e1", "1e99999", "00.00"};
    static const char *const others[] = {"",      "-",    ".",   "-.",    "e1",      "1e",
                                         "1e+",   "1e-",  "x",   " 1",    "1 ",      "1x",
                                         "1.2.3", "0x10", "--1", "1_000", "Inf",     "NaN",
                                         "1e1.5", "1e1x", "+-1", "1\n",   "infinity"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)read(numbers[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct decimal decimal = {.count = 7};
        cr_expect_not(decimal_read(bytes_of(others[i]), &decimal), "%s is no number", others[i]);
        cr_expect_eq(decimal.count, 7, "untouched");
    }
}

Test(decimal, scales_exactly_or_says_that_it_rounded)
{
    struct row {
        const char *text;
        int places;
        int64_t number;
        bool is_exact;
    };
    static const struct row rows[] = {
        {"0", 0, 0, true},
        {"0.0", 6, 0, true},
        {"0e99999", 6, 0, true},
        {"1", 0, 1, true},
        {"-1", 0, -1, true},
        {"10", 0, 10, true},
        {"1000", 0, 1000, true},
        {"1e3", 0, 1000, true},
        {"1.50", 0, 2, false},
        {"1.49", 0, 1, false},
        {"0.5", 0, 1, false},
        {"0.4999999999", 0, 0, false},
        {"0.05", 0, 0, false},
        {"-0.5", 0, -1, false},
        {"0.25", 6, 250000, true},
        {"2.5e-1", 6, 250000, true},
        {"25e-2", 6, 250000, true},
        {"1e-07", 6, 0, false},
        {"5e-07", 6, 1, false},
        {"0.333333333333333", 6, 333333, false},
        {"0.9999999", 6, 1000000, false},
        {"9223372036854775807", 0, INT64_MAX, true},
        {"9223372036854775808", 0, INT64_MAX, false},
        {"-9223372036854775808", 0, -INT64_MAX, false},
        {"9223372036854775807.5", 0, INT64_MAX, false},
        {"1e19", 0, INT64_MAX, false},
        {"1e99999", 0, INT64_MAX, false},
        {"-1e99999", 6, -INT64_MAX, false},
        {"1e-99999", 6, 0, false},
        {"0.00000000000000000000000000000000000000000000000001", 6, 0, false},
        {"1.00000000000000000000000000000000000000000000000001", 6, 1000000, false},
        {"1.00000000000000000000000000000000000000000000000000", 6, 1000000, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct decimal decimal = read(rows[i].text);
        bool is_exact;
        int64_t number = decimal_scale(&decimal, rows[i].places, &is_exact);
        cr_expect_eq(number, rows[i].number, "%s: %" PRId64, rows[i].text, number);
        cr_expect_eq(is_exact, rows[i].is_exact, "%s: exact %d", rows[i].text, is_exact);
    }
}

Test(decimal, writes_what_perl_shows)
{
    static const char *const rows[][2] = {
        {"0", "0"},
        {"-0.0", "0"},
        {"1.0", "1"},
        {"0.25", "0.25"},
        {"-1.50", "-1.5"},
        {"1e3", "1000"},
        {"120", "120"},
        {"1e14", "100000000000000"},
        {"1e15", "1e+15"},
        {"-1.5e20", "-1.5e+20"},
        {"0.0001", "0.0001"},
        {"0.00012", "0.00012"},
        {"0.00001", "1e-05"},
        {"1.25e-10", "1.25e-10"},
        {"123456789012345", "123456789012345"},
        {"12345.678", "12345.678"},
        {"1e22", "1e+22"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[DECIMAL_TEXT_MAX];
        struct decimal decimal = read(rows[i][0]);
        cr_expect(decimal_write(&decimal, text), "%s", rows[i][0]);
        cr_expect_str_eq(text, rows[i][1]);
    }
}

Test(decimal, does_not_write_what_perl_would_show_rounded)
{
    static const char *const rows[] = {"1234567890123456",
                                       "0.1234567890123456",
                                       "1e23",
                                       "1e-23",
                                       "123456789012345e-23",
                                       "1.00000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[DECIMAL_TEXT_MAX] = "untouched";
        struct decimal decimal = read(rows[i]);
        cr_expect_not(decimal_write(&decimal, text), "%s", rows[i]);
        cr_expect_str_eq(text, "untouched");
    }
}

Test(decimal, reads_more_digits_than_it_keeps)
{
    char text[20001];
    memset(text, '9', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    bool is_exact;
    struct decimal decimal = read(text);
    cr_expect_eq(decimal_scale(&decimal, 0, &is_exact), INT64_MAX);
    cr_expect_not(is_exact);
}
