/* What the reader of Perl data says of a whole text: data, wrong, or more than data. */
#include "config/config_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(rows) (sizeof rows / sizeof rows[0])

struct refusal {
    const char *text;
    const char *problem;
};

static void expect_refusals(enum perl_verdict verdict, const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct problem problem = {.text = ""};
        struct config_source source = {.text = bytes_of(rows[i].text), .file_name = "f"};
        cr_expect_eq(config_text_judge(&source, &problem), verdict, "%s", rows[i].text);
        cr_expect_str_eq(problem.text, rows[i].problem, "%s\n  says     %s\n  expected %s",
                         rows[i].text, problem.text, rows[i].problem);
    }
}

Test(config_verdict, tells_what_is_wrong_and_where)
{
    /* Promise CFG-4 */
    static const struct refusal rows[] = {
        {"{a => 1", "f:1:8: the file ends, but nothing closes the bracket opened at 1:1"},
        {"{a => [1,\n\n", "f:3:1: the file ends, but nothing closes the bracket opened at 1:7"},
        {"{a => 1\n__END__\n}",
         "f:3:2: the file ends, but nothing closes the bracket opened at 1:1"},
        {"{a => [1}", "f:1:9: this bracket does not close the one opened at 1:7"},
        {"\n {a => 1]", "f:2:9: this bracket does not close the one opened at 2:2"},
        {"}", "f:1:1: this bracket closes nothing"},
        {"{}}", "f:1:3: this bracket closes nothing"},
        {"{};]", "f:1:4: this bracket closes nothing"},
        {"{a => 1)}", "f:1:8: this bracket closes nothing"},
        {"{})", "f:1:3: this bracket closes nothing"},
        {")", "f:1:1: this bracket closes nothing"},
        {"{a => 'x", "f:1:7: the quote that begins here is not closed"},
        {"{a => 'x\\'", "f:1:7: the quote that begins here is not closed"},
        {"{a => q(x(y)", "f:1:8: the quote that begins here is not closed"},
        {"{a => q", "f:1:7: the quote that begins here is not closed"},
        {"{a => qw #(\n", "f:1:7: the quote that begins here is not closed"},
        {"{,a => 1}", "f:1:2: there is no value before this comma"},
        {"{a => [,1]}", "f:1:8: there is no value before this comma"},
        {"=> 1", "f:1:1: there is no value before this comma"},
        {"{a => 1\n b => 2}", "f:2:2: a comma is missing before this"},
        {"{a => 'x' 'y'}", "f:1:11: a comma is missing before this"},
        {"{a => 1 2}", "f:1:9: a comma is missing before this"},
        {"{a => 1 undef}", "f:1:9: a comma is missing before this"},
        {"{a => [1] [2]}", "f:1:11: a comma is missing before this"},
        {"{a => [1] {}}", "f:1:11: a comma is missing before this"},
        {"{a => 'x' qw(y)}", "f:1:11: a comma is missing before this"},
        {"[qw(a) 'b']", "f:1:8: a comma is missing before this"},
        {"{a => 1 xa => 2}", "f:1:9: a comma is missing before this"},
        {"{'a'}", "f:1:5: the last key of the hash has no value"},
        {"{a => 1, 'b',}", "f:1:14: the last key of the hash has no value"},
        {"{[1] => 2}", "f:1:2: a list or hash cannot be a key"},
        {"{{} => 2}", "f:1:2: a list or hash cannot be a key"},
        {"{undef, 2}", "f:1:2: undef cannot be a key"},
        {"{'\xc3\xa9' => 1 'x'}", "f:1:11: a comma is missing before this"},
    };
    expect_refusals(PERL_VERDICT_WRONG, rows, LENGTH(rows));
}

Test(config_verdict, leaves_more_than_data_to_perl)
{
    /* Promise CFG-2 */
    static const char *const texts[] = {
        "my $x = 1; {}",
        "{a => $x}",
        "{a => @x}",
        "{%x}",
        "{a => &f}",
        "{a => *x}",
        "{a => f()}",
        "{a => f}",
        "{a}",
        "{a => Foo::Bar}",
        "{a => (1)}",
        "{a => \\1}",
        "{a => `ls`}",
        "{a => <x>}",
        "{a => <<X}",
        "{a => sub {1}}",
        "{a => do {1}}",
        "{a => 1 + 1}",
        "{a => 1 - 1}",
        "{a => 1 . 1}",
        "{a => 1 .5}",
        "{a => 'x' x 3}",
        "{a => 'x' x3}",
        "{a => 'x' x => 3}",
        "{a => 'x' x3 => 3}",
        "{a => 1 if => 3}",
        "{a => 1 foreach => 3}",
        "{a => undef 1}",
        "{a => undef undef}",
        "{a => qw(a) [0]}",
        "{a => 1 ? 2 : 3}",
        "{a => !1}",
        "{a => ~1}",
        "{a => ++1}",
        "{a => --1}",
        "{a => +=1}",
        "{a => -=1}",
        "{a => ->x}",
        "{a => +}",
        "{a => +$x}",
        "{a => -'x'}",
        "{a => - -1}",
        "{a => +undef}",
        "{a => -qw(x)}",
        "{a => +qw(x)}",
        "{-e\f=> 1}",
        "{a => 1; }",
        "{}; {}",
        "{} {}",
        "{}, 1",
        "{}->{a}",
        "{} if 1",
        "; {}",
        "return {}",
        "qw(a b)",
        "use strict; {}",
        "'a' 'b'",
        "{a\n=> 1}",
        "{undef\n=> 1}",
        "{a # c\n=> 1}",
        "{} = 1",
        "{a = 1}",
        "{a : 1}",
        "\xef\xbb\xbf{}",
        "{} \x04",
        "{\xe9 => 1}",
        "{a => /x/}",
        "[q\\a\\]",
        "[q\xe9x\xe9]",
        "[qq xax]",
        "[qq $a$]",
        "[qq @a@]",
        "[\"$x\"]",
        "[\"a$\"]",
        "[\"@x\"]",
        "[\"@{x}\"]",
        "[\"@$x\"]",
        "[\"@:\"]",
        "[\"@-\"]",
        "[\"@\\n\"]",
        "[\"\\x{}\"]",
        "[\"\\x{ 41 }\"]",
        "[\"\\x{d800}\"]",
        "[\"\\x{dfff}\"]",
        "[\"\\x{110000}\"]",
        "[\"\\x{1234567}\"]",
        "[\"\\x{41\"]",
        "[\"\\x\"]",
        "[\"\\xg\"]",
        "[\"\\N{U+263a}\"]",
        "[\"\\cA\"]",
        "[\"\\ua\"]",
        "[\"\\o{12}\"]",
        "[\"\\x{263a}\\xe9\"]",
        "[\"\xe9\\x{263a}\"]",
        "['a\r\nb']",
        "[\"a\r\nb\"]",
        "[1_]",
        "[1__0]",
        "[1._5]",
        "[1..5]",
        "[1.2.3]",
        "[1x3]",
        "[1abc]",
        "[1\xe9]",
        "[0x]",
        "[0xg]",
        "[0b2]",
        "[08]",
        "[0x1.8p1]",
        "[0x1ffffffffffffffff]",
        "[1e]",
        "[1e+]",
        "[1e5x]",
        "[1e_5]",
        "[1e23]",
        "[1e-30]",
        "[1234567890.1234567]",
        "[12345678901234567890123]",
        "[-18446744073709551615]",
        "[-9223372036854775809]",
        "[1000000000000000000000000000000000000000000000000000000000000000000000]",
    };
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct problem problem = {.text = ""};
        struct config_source source = {.text = bytes_of(texts[i]), .file_name = "f"};
        cr_expect_eq(config_text_judge(&source, &problem), PERL_VERDICT_MORE, "%s: %s", texts[i],
                     problem.text);
        cr_expect_not_null(strstr(problem.text, "more than data"), "%s: %s", texts[i],
                           problem.text);
    }
    struct problem problem;
    struct config_source source = {.text = BYTES("{}\0"), .file_name = "f"};
    cr_expect_eq(config_text_judge(&source, &problem), PERL_VERDICT_MORE);
}

Test(config_verdict, tells_where_more_than_data_begins)
{
    /* Promise CFG-4 */
    static const struct refusal rows[] = {
        {"{\n  a => $x}", "f:2:8: a variable, a call or an operator is more than data"},
        {"{a => (1)}", "f:1:7: a list in parentheses is more than data"},
        {"{a => \\1}", "f:1:7: a reference is more than data"},
        {"{a => `x`}", "f:1:7: what is read from elsewhere is more than data"},
        {"{a => \"xy $z\"}", "f:1:11: interpolation is more than data (write \\$ and \\@)"},
        {"{a => \"\\x{}\"}", "f:1:8: this form of \\x{} is more than data"},
        {"{a => \"xy\\Uz\"}", "f:1:10: this escape is more than data"},
        {"{a => 1__0}", "f:1:7: a number written like this is more than data"},
        {"{a => -1e23}", "f:1:7: a number of this size or precision is more than data"},
        {"{a => f}", "f:1:7: a word without quotes is more than data"},
        {"{a\n=> 1}", "f:1:2: a word on the line before its => is more than data"},
        {"{a => 1 + 1}", "f:1:9: an operator is more than data"},
        {"{a => 1 / 1}", "f:1:9: this is more than data"},
        {"{}\n{}", "f:2:1: what follows the data is more than data"},
        {";{}", "f:1:1: a statement is more than data"},
    };
    expect_refusals(PERL_VERDICT_MORE, rows, LENGTH(rows));
}

Test(config_verdict, nests_64_deep_and_no_deeper)
{
    /* Promise CFG-4 */
    for (int depth = CONFIG_DEPTH_MAX; depth <= CONFIG_DEPTH_MAX + 1; depth++) {
        char text[256] = "";
        struct problem problem = {.text = ""};
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        struct config_source source = {.text = {text, 2 * (size_t)depth}, .file_name = "f"};
        bool fits = depth == CONFIG_DEPTH_MAX;
        cr_expect_eq(config_text_judge(&source, &problem),
                     fits ? PERL_VERDICT_DATA : PERL_VERDICT_WRONG);
        cr_expect_str_eq(problem.text,
                         fits ? "" : "f:1:65: lists and hashes are nested too deeply (at most 64)");
    }
}

Test(config_verdict, takes_a_mebibyte_and_no_more)
{
    /* Promise CFG-4 */
    char *text = malloc(CONFIG_FILE_SIZE_MAX + 1);
    cr_assert_not_null(text);
    memset(text, ' ', CONFIG_FILE_SIZE_MAX + 1);
    memcpy(text, "{}", 2);
    struct problem problem = {.text = ""};
    struct config_source source = {.text = {text, CONFIG_FILE_SIZE_MAX}, .file_name = "f"};
    cr_expect_eq(config_text_judge(&source, &problem), PERL_VERDICT_DATA);
    source.text.size++;
    cr_expect_eq(config_text_judge(&source, &problem), PERL_VERDICT_WRONG);
    cr_expect_str_eq(problem.text, "f: the file has 1048577 bytes, at most 1048576 are read");
    free(text);
}

Test(config_verdict, empty_word_lists_without_end_need_no_stack)
{
    char *text = malloc(CONFIG_FILE_SIZE_MAX);
    cr_assert_not_null(text);
    size_t size = 1;
    text[0] = '[';
    for (; size + 6 < CONFIG_FILE_SIZE_MAX; size += 5)
        memcpy(text + size, "qw(),", 5);
    text[size++] = ']';
    struct problem problem;
    struct config_source source = {.text = {text, size}, .file_name = "f"};
    cr_expect_eq(config_text_judge(&source, &problem), PERL_VERDICT_DATA);
    free(text);
}

Test(config_verdict, shows_no_place_in_what_perl_has_printed)
{
    /* Promise CFG-2 */
    struct problem problem;
    struct config_source source = {
        .text = BYTES("{a => 1"), .file_name = "my.conf", .is_evaluated = true};
    cr_expect_eq(config_text_judge(&source, &problem), PERL_VERDICT_WRONG);
    cr_expect_str_eq(problem.text, "my.conf: the file ends, but nothing closes the bracket");
}
