/* The reader of Perl data, with its lexer, quotes and numbers. */
#include "config/config_reader.h"
#include "config/config_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(rows) (sizeof rows / sizeof rows[0])

struct events {
    char text[8192];
    size_t size;
};

static void add(struct events *events, const char *mark, struct bytes text)
{
    size_t room = sizeof events->text - events->size;
    int size = snprintf(events->text + events->size, room, "%s%s%.*s", events->size == 0 ? "" : " ",
                        mark, (int)text.size, text.size == 0 ? "" : text.data);
    cr_assert(size >= 0 && (size_t)size < room);
    events->size += (size_t)size;
}

static const char *mark_of(enum config_event_kind kind)
{
    static const char *const marks[] = {"{", "}", "[", "]", "k:", "t:", "n:", "undef", "end"};
    return marks[kind];
}

static enum perl_verdict read_all(struct bytes text, struct events *ret_events)
{
    char storage[4096];
    struct config_reader reader;
    struct config_event event = {.kind = CONFIG_EVENT_UNDEF};
    enum perl_verdict verdict = PERL_VERDICT_DATA;
    *ret_events = (struct events){.size = 0};
    config_reader_init(&reader, text, storage, sizeof storage);
    while (event.kind != CONFIG_EVENT_END) {
        verdict = config_reader_next(&reader, &event);
        if (verdict != PERL_VERDICT_DATA)
            return verdict;
        cr_assert_not(event.is_cut);
        if (event.kind != CONFIG_EVENT_END)
            add(ret_events, mark_of(event.kind), event.text);
    }
    return verdict;
}

static void expect_events(const char *const rows[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct events events;
        enum perl_verdict verdict = read_all(bytes_of(rows[i][0]), &events);
        cr_expect_eq(verdict, PERL_VERDICT_DATA, "row %zu: %s", i, rows[i][0]);
        cr_expect_str_eq(events.text, rows[i][1], "row %zu: %s\n  gives    %s\n  expected %s", i,
                         rows[i][0], events.text, rows[i][1]);
    }
}

Test(config_text, reads_hashes_and_lists_in_any_nesting)
{
    /* Promise CFG-1 */
    static const char *const rows[][2] = {
        {"{}", "{ }"},
        {"{listen => ['http://*:3000', 'http://*:4000'], workers => 10};",
         "{ k:listen [ t:http://*:3000 t:http://*:4000 ] k:workers n:10 }"},
        {"+{a => 1}", "{ k:a n:1 }"},
        {" + { 'a' , 1 } ; ; ", "{ k:a n:1 }"},
        {"{a => {b => [1, [2, {}], []]}}", "{ k:a { k:b [ n:1 [ n:2 { } ] [ ] ] } }"},
        {"{a => +{}, b => +[+'x', +1]}", "{ k:a { } k:b [ t:x n:1 ] }"},
        {"[1,2,]", "[ n:1 n:2 ]"},
        {"'x'", "t:x"},
        {"-5", "n:-5"},
        {"undef;", "undef"},
        {"", ""},
        {" # nothing\n", ""},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, takes_commas_and_arrows_as_perl_does)
{
    static const char *const rows[][2] = {
        {"{'a','b','c','d'}", "{ k:a t:b k:c t:d }"},
        {"{a=>1,,b=>2,}", "{ k:a n:1 k:b n:2 }"},
        {"{a=>,1=>=>b=>'c'}", "{ k:a n:1 k:b t:c }"},
        {"[1=>2]", "[ n:1 n:2 ]"},
        {"{a => 1 , }", "{ k:a n:1 }"},
        {"{'a'\n=>\n1}", "{ k:a n:1 }"},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, quotes_words_before_an_arrow)
{
    static const char *const rows[][2] = {
        {"{q=>1, qq =>2, qw\t=>3, undef=>4, __END__=>5, x=>6, if=>7, _a1=>8}",
         "{ k:q n:1 k:qq n:2 k:qw n:3 k:undef n:4 k:__END__ n:5 k:x n:6 k:if n:7 k:_a1 n:8 }"},
        {"{-a=>1, +b=>2, - c =>3, +-d=>4, -e =>5, - e\f=>6}",
         "{ k:-a n:1 k:b n:2 k:-c n:3 k:-d n:4 k:-e n:5 k:-e n:6 }"},
        {"{a=>b=>c=>d=>}", "{ k:a t:b k:c t:d }"},
        {"{1=>2, 0x10=>3, 1.50=>4, -7=>5, 1_0=>6}",
         "{ k:1 n:2 k:16 n:3 k:1.5 n:4 k:-7 n:5 k:10 n:6 }"},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, reads_single_quotes)
{
    /* Promise CFG-1 */
    static const char *const rows[][2] = {
        {"''", "t:"},
        {"'a\\'b\\\\c\\n$x @y'", "t:a'b\\c\\n$x @y"},
        {"'\\\\'", "t:\\"},
        {"q(a(b)c)", "t:a(b)c"},
        {"q(a\\(b\\\\)", "t:a(b\\"},
        {"q [x]", "t:x"},
        {"q{a{b\\}c}d}", "t:a{b}c}d"},
        {"q<a<b>>", "t:a<b>"},
        {"q|a\\|b|", "t:a|b"},
        {"q!x!", "t:x"},
        {"q#a b#", "t:a b"},
        {"q # a comment\n(x)", "t:x"},
        {"q,x,", "t:x"},
        {"q}x}", "t:x"},
        {"q'x'", "t:x"},
        {"q\"it's\"", "t:it's"},
        {"q xax", "t:a"},
        {"q =a=", "t:a"},
        {"'a\nb'", "t:a\nb"},
        {"'a\rb'", "t:a\rb"},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, reads_double_quotes_with_their_escapes)
{
    /* Promise CFG-1 */
    static const char *const rows[][2] = {
        {"\"a\\tb\\nc\\rd\\fe\\bf\\ag\\eh\"", "t:a\tb\nc\rd\fe\bf\ag\x1bh"},
        {"\"\\\\ \\\" \\$x \\@y \\- \\' \\y \\8\"", "t:\\ \" $x @y - ' y 8"},
        {"\"\\x41\\x4a\\x4A\\x4g\\x7e1\"", "t:AJJ\004g~1"},
        {"\"\\x{41}\\x{0041}\\x{7e}\"", "t:AA~"},
        {"\"\\1\\12\\101\\1010\\377\"", "t:\001\nAA0\xff"},
        {"\"\\x{e9}\\xe9\xe9\"", "t:\xe9\xe9\xe9"},
        {"\"\\x{100}\\x{7ff}\\x{800}\\x{263a}\\x{ffff}\\x{10000}\\x{1f438}\\x{10ffff}\"",
         "t:"
         "\xc4\x80\xdf\xbf\xe0\xa0\x80\xe2\x98\xba\xef\xbf\xbf\xf0\x90\x80\x80\xf0\x9f\x90\xb8\xf4"
         "\x8f\xbf\xbf"},
        {"\"\\777\"", "t:\xc7\xbf"},
        {"\"x@ y@\"", "t:x@ y@"},
        {"\"a@.b\"", "t:a@.b"},
        {"\"\\\xc3\xa9\"", "t:\xc3\xa9"},
        {"qq{a{b}\\}\\x{41}}", "t:a{b}}A"},
        {"qq!a\\!b!", "t:a!b"},
        {"qq'a'", "t:a"},
        {"qq#a\\#b#", "t:a#b"},
        {"qq <\\<>", "t:<"},
        {"\"a\nb\"", "t:a\nb"},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, keeps_nul_bytes)
{
    struct events events;
    struct config_reader reader;
    struct config_event event;
    char storage[16];
    cr_expect_eq(read_all(BYTES("['a', \"\\0\"]"), &events), PERL_VERDICT_DATA);
    config_reader_init(&reader, BYTES("\"a\\0b\\x00c\""), storage, sizeof storage);
    cr_expect_eq(config_reader_next(&reader, &event), PERL_VERDICT_DATA);
    cr_expect(bytes_equal(event.text, BYTES("a\0b\0c")));
}

Test(config_text, splits_words)
{
    /* Promise CFG-1 */
    static const char *const rows[][2] = {
        {"[qw(a b)]", "[ t:a t:b ]"},
        {"[qw()]", "[ ]"},
        {"[qw(), 1]", "[ n:1 ]"},
        {"[qw(), qw( ), qw//]", "[ ]"},
        {"[qw[ a\n\tb\v\fc\r\n ], 'd']", "[ t:a t:b t:c t:d ]"},
        {"[qw<http://*:3000 x<y>z>]", "[ t:http://*:3000 t:x<y>z ]"},
        {"[qw/a\\/b c\\\\ d\\e 1,2 #/]", "[ t:a/b t:c\\ t:d\\e t:1,2 t:# ]"},
        {"{qw(a 1 b 2)}", "{ k:a t:1 k:b t:2 }"},
        {"{a => qw(1 b 2)}", "{ k:a t:1 k:b t:2 }"},
        {"{qw(a) => 1}", "{ k:a n:1 }"},
        {"[qw # not a list yet\n(a)]", "[ t:a ]"},
        {"[qw#a b#]", "[ t:a t:b ]"},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, reads_numbers_in_every_form)
{
    /* Promise CFG-1 */
    static const char *const rows[][2] = {
        {"[0, 1, 1_000, 12_345_678]", "[ n:0 n:1 n:1000 n:12345678 ]"},
        {"[0x1f, 0XFF, 0xff_ff, 0b101, 0B1_1]", "[ n:31 n:255 n:65535 n:5 n:3 ]"},
        {"[017, 0_17, 00, 0o17]", "[ n:15 n:15 n:0 n:15 ]"},
        {"[1.5, .5, 5., 1.50, 0.250_0, 1.5_5]", "[ n:1.5 n:0.5 n:5 n:1.5 n:0.25 n:1.55 ]"},
        {"[1e3, 1E3, 1e+3, 1.5e-3, 1.e2, 0e0, 1e1_0]",
         "[ n:1000 n:1000 n:1000 n:0.0015 n:100 n:0 n:10000000000 ]"},
        {"[-1, +1, - 1, -1.5, +-2, -0, -0.0]", "[ n:-1 n:1 n:-1 n:-1.5 n:-2 n:0 n:0 ]"},
        {"[18446744073709551615, -9223372036854775808, 0xffffffffffffffff]",
         "[ n:18446744073709551615 n:-9223372036854775808 n:18446744073709551615 ]"},
        {"[1e15, 1e20, 0.00001, 100000000000000000000]", "[ n:1e+15 n:1e+20 n:1e-05 n:1e+20 ]"},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, skips_comments_pod_and_what_follows_the_end)
{
    /* Promise CFG-1 */
    static const char *const rows[][2] = {
        {"# one\n{ # two { ' \"\na => 1, # three\n} # four", "{ k:a n:1 }"},
        {"=pod\n\nit's {\n\n=cut\n{a => 1}", "{ k:a n:1 }"},
        {"=cut\n\n=cuts {\n\n=cut here\n{a => 1}", "{ k:a n:1 }"},
        {"\n=head1 X\n=cut\n\n=head1 Y\n\n=cut\n{a => 1}", "{ k:a n:1 }"},
        {"{a => 1};\n=pod\n\n{", "{ k:a n:1 }"},
        {"{a => 1};\n\n=pod\n\n=cut\n;\n", "{ k:a n:1 }"},
        {"=pod\n\n{", ""},
        {"{a => 1}\n__END__\n{{{ '", "{ k:a n:1 }"},
        {"{a => 1};__DATA__\n'", "{ k:a n:1 }"},
        {"{a\t=>\r\n1,\v\f\r\n}\r\n", "{ k:a n:1 }"},
    };
    expect_events(rows, LENGTH(rows));
}

Test(config_text, marks_a_text_that_does_not_fit)
{
    static const char *const texts[] = {"'abcd'", "\"abc\\x64\"", "abcd => 1", "12345",
                                        "-abc => 1"};
    for (size_t i = 0; i < LENGTH(texts); i++) {
        char storage[3];
        char text[32];
        struct config_reader reader;
        struct config_event event;
        (void)snprintf(text, sizeof text, "[%s]", texts[i]);
        config_reader_init(&reader, bytes_of(text), storage, sizeof storage);
        cr_expect_eq(config_reader_next(&reader, &event), PERL_VERDICT_DATA);
        cr_expect_eq(config_reader_next(&reader, &event), PERL_VERDICT_DATA);
        cr_expect(event.is_cut, "%s", text);
        cr_expect_eq(event.text.size, sizeof storage);
    }
}

Test(config_text, after_the_end_comes_the_end)
{
    struct config_reader reader;
    struct config_event event;
    config_reader_init(&reader, BYTES("1;"), NULL, 0);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(config_reader_next(&reader, &event), PERL_VERDICT_DATA);
    cr_expect_eq(event.kind, CONFIG_EVENT_END);
}
