#include "http/http_log.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static char storage[HTTP_LOG_LINE_MAX + 1];
static struct buffer line;

static void begin(void)
{
    buffer_init(&line, storage, sizeof storage);
}

TestSuite(http_log, .init = begin);

static struct http_log_entry ordinary(void)
{
    return (struct http_log_entry){
        .remote = BYTES("192.0.2.1"),
        .unix_us = INT64_C(971186136123456),
        .took_us = 1000042,
        .method = BYTES("GET"),
        .target = BYTES("/a?b=c"),
        .version_minor = 1,
        .status = 200,
        .size = 12345,
        .referer = BYTES("http://example.org/"),
        .agent = BYTES("agent/1.0"),
    };
}

static void expect_line(const char *expected)
{
    cr_expect(bytes_equal(buffer_view(&line), bytes_of(expected)), "%.*snot %s", (int)line.size,
              line.data, expected);
}

Test(http_log, writes_the_combined_format)
{
    struct http_log_entry entry = ordinary();
    cr_assert(http_log_write_combined(&line, &entry));
    expect_line("192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /a?b=c HTTP/1.1\" 200 12345 "
                "\"http://example.org/\" \"agent/1.0\"\n");
}

Test(http_log, writes_json)
{
    struct http_log_entry entry = ordinary();
    cr_assert(http_log_write_json(&line, &entry));
    expect_line("{\"time\":971186136.123456,\"remote\":\"192.0.2.1\",\"method\":\"GET\","
                "\"target\":\"/a?b=c\",\"version\":\"1.1\",\"status\":200,\"size\":12345,"
                "\"seconds\":1.000042,\"referer\":\"http://example.org/\",\"agent\":\"agent/1.0\"}"
                "\n");
}

/* Promise LSN-2: a client of a UNIX domain socket has no address. */
Test(http_log, writes_what_kind_of_client_has_no_address)
{
    struct http_log_entry entry = ordinary();
    entry.remote = BYTES("");
    cr_assert(http_log_write_combined(&line, &entry));
    cr_expect(bytes_start_with(buffer_view(&line), BYTES("unix: - - [")));
    begin();
    cr_assert(http_log_write_json(&line, &entry));
    cr_expect(strstr(storage, ",\"remote\":\"unix:\",\"method\"") != NULL, "%s", storage);
}

Test(http_log, writes_a_dash_for_what_is_not_there)
{
    struct http_log_entry entry = {.remote = BYTES("::1"), .status = 400};
    cr_assert(http_log_write_combined(&line, &entry));
    expect_line("::1 - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0 \"-\" \"-\"\n");
}

Test(http_log, appends)
{
    struct http_log_entry entry = {.remote = BYTES("::1"), .status = 400};
    cr_assert(http_log_write_combined(&line, &entry));
    size_t first = line.size;
    cr_assert(http_log_write_json(&line, &entry));
    cr_expect_eq(line.data[first], '{');
    cr_expect_eq(line.data[first - 1], '\n');
}

/* ---- Hostile bytes ---- */

static bool is_harmless(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool is_last = i + 1 == text.size;
        if (is_last ? byte != '\n' : byte < 0x20 || byte > 0x7e)
            return false;
    }
    return text.size > 0;
}

static bool contains(const char *part)
{
    return memmem(line.data, line.size, part, strlen(part)) != NULL;
}

/* Each of the 256, in each of the client's texts. */
Test(http_log, escapes_what_is_not_plain)
{
    for (unsigned value = 0; value < 256; value++) {
        char byte = (char)value;
        bool is_plain = value >= 0x20 && value < 0x7f && value != '"' && value != '\\';
        struct http_log_entry entry = ordinary();
        entry.target = entry.referer = entry.agent = (struct bytes){&byte, 1};
        char combined[16];
        char json[16];
        (void)snprintf(combined, sizeof combined, is_plain ? "\"%c\" " : "\"\\x%02x\" ", value);
        (void)snprintf(json, sizeof json, is_plain ? ":\"%c\"," : ":\"\\u00%02x\",", value);
        buffer_clear(&line);
        cr_assert(http_log_write_combined(&line, &entry));
        cr_expect(is_harmless(buffer_view(&line)) && contains(combined), "%.*snot %s",
                  (int)line.size, line.data, combined);
        buffer_clear(&line);
        cr_assert(http_log_write_json(&line, &entry));
        cr_expect(is_harmless(buffer_view(&line)) && contains(json), "%.*snot %s", (int)line.size,
                  line.data, json);
    }
}

Test(http_log, lets_nobody_end_a_text_or_a_line)
{
    struct http_log_entry entry = ordinary();
    entry.agent = BYTES("x\" \"\n127.0.0.1 - - \\\r\0");
    cr_assert(http_log_write_combined(&line, &entry));
    cr_expect(contains("\"x\\x22 \\x22\\x0a127.0.0.1 - - \\x5c\\x0d\\x00\"\n"), "%.*s",
              (int)line.size, line.data);
}

/* ---- Length ---- */

static char many[70000];

static struct http_log_entry longest(char byte)
{
    memset(many, byte, sizeof many);
    struct bytes text = {many, sizeof many};
    return (struct http_log_entry){
        .remote = BYTES("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        .unix_us = INT64_MAX,
        .took_us = INT64_MAX,
        .method = text,
        .target = text,
        .version_minor = 255,
        .status = UINT16_MAX,
        .size = UINT64_MAX,
        .referer = text,
        .agent = text,
    };
}

/* However long and hostile, a line is what a pipe takes in one piece. */
Test(http_log, fits_into_a_line)
{
    static const char bytes[] = {'a', '"', (char)0xff};
    for (size_t i = 0; i < sizeof bytes; i++) {
        struct http_log_entry entry = longest(bytes[i]);
        buffer_clear(&line);
        cr_assert(http_log_write_combined(&line, &entry));
        cr_expect_leq(line.size, (size_t)HTTP_LOG_LINE_MAX);
        buffer_clear(&line);
        cr_assert(http_log_write_json(&line, &entry));
        cr_expect_leq(line.size, (size_t)HTTP_LOG_LINE_MAX);
    }
}

Test(http_log, marks_what_was_cut_and_nothing_else)
{
    memset(many, 'a', sizeof many);
    struct http_log_entry entry = ordinary();
    for (size_t size = HTTP_LOG_FIELD_MAX - 20; size < HTTP_LOG_FIELD_MAX + 20; size++) {
        entry.agent = (struct bytes){many, size};
        buffer_clear(&line);
        cr_assert(http_log_write_combined(&line, &entry));
        size_t shown = 0;
        const char *agent = line.data + line.size - 3;
        bool is_cut = contains("aaa...\"\n");
        for (agent -= is_cut ? 3 : 0; *agent == 'a'; agent--)
            shown++;
        cr_expect_leq(shown + (is_cut ? 3 : 0), (size_t)HTTP_LOG_FIELD_MAX);
        cr_expect_eq(shown < size, is_cut, "%zu of %zu are shown", shown, size);
        cr_expect_geq(shown, (size_t)HTTP_LOG_FIELD_MAX - 20);
    }
}

/* All or nothing, for every room that there can be. */
Test(http_log, leaves_a_buffer_without_room_as_it_was)
{
    struct http_log_entry entry = ordinary();
    cr_assert(http_log_write_json(&line, &entry));
    size_t whole = line.size;
    for (size_t room = 0; room <= whole + 1; room++) {
        buffer_init(&line, storage, 3 + room);
        cr_assert(buffer_append(&line, BYTES("abc")));
        bool fits = http_log_write_json(&line, &entry);
        cr_expect_eq(fits, room >= whole, "%zu of %zu", room, whole);
        cr_expect_eq(line.size, fits ? 3 + whole : 3);
        buffer_init(&line, storage, 3 + room);
        cr_assert(buffer_append(&line, BYTES("abc")));
        fits = http_log_write_combined(&line, &entry);
        cr_expect(fits || line.size == 3);
    }
}
