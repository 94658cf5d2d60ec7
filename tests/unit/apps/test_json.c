/* RFC 8259 */
#include "apps/json.h"

#include <criterion/criterion.h>

#include <string.h>

static char text[200];
static struct json json;

static void begin(size_t capacity)
{
    json_init(&json, text, capacity);
}

static void expect_text(const char *expected)
{
    cr_expect_eq(json.size, strlen(expected));
    cr_expect_eq(memcmp(text, expected, json.size), 0, "%.*s", (int)json.size, text);
}

Test(json, has_its_commas_where_they_belong)
{
    begin(sizeof(text));
    json_begin(&json, NULL, '{');
    json_number(&json, "most", UINT64_MAX);
    json_begin(&json, "list", '[');
    json_boolean(&json, NULL, true);
    json_boolean(&json, NULL, false);
    json_begin(&json, NULL, '{');
    json_end(&json, '}');
    json_end(&json, ']');
    json_text(&json, "text", "x");
    json_end(&json, '}');
    expect_text("{\"most\":18446744073709551615,\"list\":[true,false,{}],\"text\":\"x\"}");
    cr_expect_not(json.is_full);
}

Test(json, escapes_what_is_not_text)
{
    static const struct {
        const char *bytes, *expected;
    } rows[] = {
        {"\"\\", "\"\\u0022\\u005C\""},
        {"\n\x1f\x7f", "\"\\u000A\\u001F\x7f\""},
        {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
        {"\xc3", "\"\\u00C3\""},
        {"\xc0\x80", "\"\\u00C0\\u0080\""},
        {"\xed\xa0\x80", "\"\\u00ED\\u00A0\\u0080\""},
        {"\xf0\x9f\x90\xb8", "\"\xf0\x9f\x90\xb8\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(sizeof(text));
        json_text(&json, NULL, rows[i].bytes);
        expect_text(rows[i].expected);
    }
}

Test(json, says_when_it_is_full)
{
    begin(5);
    json_boolean(&json, NULL, false);
    cr_expect_not(json.is_full);
    json_number(&json, NULL, 1);
    cr_expect(json.is_full);
    cr_expect_leq(json.size, 5);
}
