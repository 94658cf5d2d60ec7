#include "http/http_writer.h"

#include "base/limits.h"

#include <criterion/criterion.h>
#include <string.h>

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define LINE(text) "HTTP/1.1 " text "\r\nDate: " DATE "\r\n"

struct row {
    struct http_reply reply;
    const char *written;
};

#define VIEW(text)                                                                                 \
    {                                                                                              \
        "" text, sizeof(text) - 1                                                                  \
    }

/* RFC 9112 4, 6.2; RFC 9110 6.6.1, 8.3, 8.6 */
static const struct row rows[] = {
    {{.status = 200, .date = VIEW(DATE), .content_type = VIEW("text/plain"), .content_length = 11},
     LINE("200 OK") "Content-Type: text/plain\r\nContent-Length: 11\r\n\r\n"},
    {{.status = 200, .date = VIEW(DATE)}, LINE("200 OK") "Content-Length: 0\r\n\r\n"},
    {{.status = 404, .date = VIEW(DATE), .content_length = UINT64_MAX},
     LINE("404 Not Found") "Content-Length: 18446744073709551615\r\n\r\n"},
    {{.status = 500, .date = VIEW(DATE), .content_length = 1, .closes = true},
     LINE("500 Internal Server Error") "Content-Length: 1\r\nConnection: close\r\n\r\n"},
    {{.status = 200, .date = VIEW(DATE), .content_length = 1, .keep_alive_s = 4},
     LINE("200 OK") "Content-Length: 1\r\nConnection: keep-alive\r\nKeep-Alive: timeout=4\r\n\r\n"},
    {{.status = 200, .date = VIEW(DATE), .says_keep_alive = true},
     LINE("200 OK") "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
    {{.status = 200, .date = VIEW(DATE), .says_keep_alive = true, .keep_alive_s = UINT32_MAX},
     LINE("200 OK") "Content-Length: 0\r\nConnection: keep-alive\r\n"
                    "Keep-Alive: timeout=4294967295\r\n\r\n"},
    /* Promises CON-1 and WRK-3: who closes promises nothing else. */
    {{.status = 200,
      .date = VIEW(DATE),
      .closes = true,
      .says_keep_alive = true,
      .keep_alive_s = 4},
     LINE("200 OK") "Content-Length: 0\r\nConnection: close\r\n\r\n"},
    {{.status = 204, .date = VIEW(DATE)}, LINE("204 No Content") "\r\n"},
    {{.status = 204, .date = VIEW(DATE), .content_length = 5, .closes = true},
     LINE("204 No Content") "Connection: close\r\n\r\n"},
    {{.status = 304, .date = VIEW(DATE)}, LINE("304 Not Modified") "\r\n"},
    {{.status = 304, .date = VIEW(DATE), .content_length = 5},
     LINE("304 Not Modified") "Content-Length: 5\r\n\r\n"},
    {{.status = 200, .date = VIEW(DATE), .content_type = VIEW("a/b"), .body = HTTP_REPLY_CHUNKED},
     LINE("200 OK") "Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {{.status = 200, .date = VIEW(DATE), .body = HTTP_REPLY_CHUNKED, .closes = true},
     LINE("200 OK") "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
    {{.status = 200, .date = VIEW(DATE), .body = HTTP_REPLY_TO_THE_END, .closes = true},
     LINE("200 OK") "Connection: close\r\n\r\n"},
    {{.status = 204, .date = VIEW(DATE), .body = HTTP_REPLY_CHUNKED},
     LINE("204 No Content") "\r\n"},
    {{.status = 304, .date = VIEW(DATE), .body = HTTP_REPLY_CHUNKED},
     LINE("304 Not Modified") "\r\n"},
    /* What follows is the caller's. */
    {{.status = 200, .date = VIEW(DATE), .has_fields = true},
     LINE("200 OK") "Content-Length: 0\r\n"},
    {{.status = 200, .date = VIEW(DATE), .has_fields = true, .closes = true},
     LINE("200 OK") "Content-Length: 0\r\nConnection: close\r\n"},
    {{.status = 200, .date = VIEW(DATE), .has_fields = true, .keep_alive_s = 4},
     LINE("200 OK") "Content-Length: 0\r\nConnection: keep-alive\r\nKeep-Alive: timeout=4\r\n"},
    {{.status = 205, .date = VIEW(DATE)}, LINE("205 Reset Content") "Content-Length: 0\r\n\r\n"},
    {{.status = 205, .date = VIEW(DATE), .content_length = 5},
     LINE("205 Reset Content") "Content-Length: 0\r\n\r\n"},
    {{.status = 299, .date = VIEW(DATE)}, LINE("299 ") "Content-Length: 0\r\n\r\n"},
    {{.status = 599, .date = VIEW(DATE)}, LINE("599 ") "Content-Length: 0\r\n\r\n"},
};

enum {
    ROWS = sizeof rows / sizeof rows[0]
};

/* Promise CON-4 */
Test(http_reply_write, writes_these_bytes_and_no_others)
{
    for (size_t i = 0; i < ROWS; i++) {
        char storage[HTTP_REPLY_HEAD_MAX];
        struct buffer buffer;
        buffer_init(&buffer, storage, sizeof storage);
        cr_assert(buffer_append(&buffer, BYTES("before ")));
        cr_assert(http_reply_write(&buffer, &rows[i].reply));
        cr_expect(bytes_equal(bytes_from(buffer_view(&buffer), 7), bytes_of(rows[i].written)),
                  "row %zu: %.*s", i, (int)buffer.size, storage);
    }
}

Test(http_reply_write, writes_all_or_nothing)
{
    for (size_t i = 0; i < ROWS; i++) {
        size_t size = strlen(rows[i].written);
        for (size_t room = 0; room <= size; room++) {
            char storage[HTTP_REPLY_HEAD_MAX];
            struct buffer buffer;
            buffer_init(&buffer, storage, 3 + room);
            cr_assert(buffer_append(&buffer, BYTES("abc")));
            cr_expect_eq(http_reply_write(&buffer, &rows[i].reply), room == size);
            cr_expect_eq(buffer.size, room == size ? 3 + size : 3);
        }
    }
}

static bool is_written(struct http_reply reply)
{
    char storage[HTTP_REPLY_HEAD_MAX];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    bool is_done = http_reply_write(&buffer, &reply);
    cr_expect(is_done || buffer.size == 0);
    return is_done;
}

/* Promise CON-10 */
Test(http_reply_write, refuses_a_content_type_that_would_end_its_line)
{
    static const struct bytes types[] = {
        VIEW("a\r\nSet-Cookie: b"),
        VIEW("a\nb"),
        VIEW("a\rb"),
        VIEW("a\0b"),
        VIEW("\r"),
        VIEW("\n"),
        VIEW("\0"),
        VIEW("a\x7f"),
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        cr_expect_not(is_written(
            (struct http_reply){.status = 200, .date = VIEW(DATE), .content_type = types[i]}));
    cr_expect(is_written((struct http_reply){
        .status = 200, .date = VIEW(DATE), .content_type = VIEW("a/b;\tc=\"\xc3\xa4\"")}));
}

Test(http_reply_write, refuses_a_status_that_ends_no_exchange)
{
    static const uint16_t wrong[] = {0, 99, 100, 101, 199, 600, 999, 65535};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(is_written((struct http_reply){.status = wrong[i], .date = VIEW(DATE)}));
}

Test(http_reply_write, fits_the_head_of_an_answer_into_its_limit)
{
    char type[600];
    memset(type, 'x', sizeof type);
    cr_expect(is_written((struct http_reply){.status = 511,
                                             .date = VIEW(DATE),
                                             .content_type = {type, sizeof type},
                                             .content_length = UINT64_MAX,
                                             .says_keep_alive = true,
                                             .keep_alive_s = UINT32_MAX}));
}

Test(http_status, has_a_phrase_where_the_rfc_has_one)
{
    static const struct {
        uint16_t status;
        const char *text;
    } phrases[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {103, "Early Hints"},
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {299, ""},
        {306, ""},
        {0, ""},
        {65535, ""},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        cr_expect_str_eq(http_status_text(phrases[i].status), phrases[i].text);
}

/* The phrase in the status line and the phrase by itself are two readings of one list. */
Test(http_status, has_the_same_phrase_in_the_status_line)
{
    for (uint16_t status = 200; status < 600; status++) {
        char storage[HTTP_REPLY_HEAD_MAX];
        char line[HTTP_REPLY_HEAD_MAX];
        struct buffer written;
        struct buffer expected;
        buffer_init(&written, storage, sizeof storage);
        buffer_init(&expected, line, sizeof line);
        struct http_reply reply = {.status = status, .date = VIEW(DATE)};
        cr_assert(http_reply_write(&written, &reply));
        cr_assert(buffer_append_format(&expected, "HTTP/1.1 %u %s\r\nDate: ", status,
                                       http_status_text(status)));
        cr_expect(bytes_start_with(buffer_view(&written), buffer_view(&expected)), "%u", status);
    }
}

Test(http_status, has_no_body_for_some)
{
    for (uint16_t status = 100; status < 600; status++)
        cr_expect_eq(http_status_has_no_body(status),
                     status < 200 || status == 204 || status == 205 || status == 304, "%u", status);
}

/* Promise CON-10 */
Test(http_field_is_valid, refuses_what_would_end_the_line_or_the_name)
{
    static const struct {
        struct bytes name;
        struct bytes value;
        bool is_valid;
    } fields[] = {
        {VIEW("A"), VIEW("b"), true},         {VIEW("X-A_b.c~1"), VIEW(""), true},
        {VIEW("A"), VIEW(" b\tc "), true},    {VIEW("A"), VIEW("\x80\xff"), true},
        {VIEW(""), VIEW("b"), false},         {VIEW("A B"), VIEW("b"), false},
        {VIEW("A:"), VIEW("b"), false},       {VIEW("A\r"), VIEW("b"), false},
        {VIEW("A\n"), VIEW("b"), false},      {VIEW("A\0"), VIEW("b"), false},
        {VIEW("\xc3\xa4"), VIEW("b"), false}, {VIEW("A"), VIEW("b\r\nC: d"), false},
        {VIEW("A"), VIEW("b\n"), false},      {VIEW("A"), VIEW("\r"), false},
        {VIEW("A"), VIEW("b\0"), false},      {VIEW("A"), VIEW("\x1f"), false},
        {VIEW("A"), VIEW("\x7f"), false},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        cr_expect_eq(http_field_is_valid(fields[i].name, fields[i].value), fields[i].is_valid,
                     "row %zu", i);
}

static bool is_tchar(int byte)
{
    return byte != 0 && strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                               byte) != NULL;
}

Test(http_field_is_valid, knows_every_byte)
{
    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        struct bytes view = {&text, 1};
        cr_expect_eq(http_field_is_valid(view, BYTES("b")), is_tchar(byte), "%d", byte);
        cr_expect_eq(http_field_is_valid(BYTES("A"), view),
                     byte == '\t' || (byte >= 32 && byte != 127), "%d", byte);
    }
}

/* Promise CON-4 */
Test(http_field_is_reserved, names_what_only_the_server_says)
{
    static const char *const reserved[] = {"Connection", "content-length", "DATE",
                                           "Keep-Alive", "trailer",        "TRANSFER-encoding",
                                           "Upgrade"};
    static const char *const free_names[] = {"",           "X",   "Content-Type", "Server",
                                             "Set-Cookie", "Dat", "Date2"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        cr_expect(http_field_is_reserved(bytes_of(reserved[i])), "%s", reserved[i]);
    for (size_t i = 0; i < sizeof free_names / sizeof free_names[0]; i++)
        cr_expect_not(http_field_is_reserved(bytes_of(free_names[i])), "%s", free_names[i]);
}

Test(http_field_write, writes_a_whole_line_or_nothing)
{
    static const char line[] = "X-One: a b\r\n";
    for (size_t room = 0; room <= sizeof line - 1; room++) {
        char storage[sizeof line];
        struct buffer buffer;
        buffer_init(&buffer, storage, room);
        bool is_written = http_field_write(&buffer, BYTES("X-One"), BYTES("a b"));
        cr_expect_eq(is_written, room == sizeof line - 1);
        cr_expect(bytes_equal(buffer_view(&buffer), is_written ? bytes_of(line) : BYTES("")));
    }
}

/* RFC 9112 7.1 */
Test(http_chunk_start_write, writes_the_size_in_as_few_digits_as_it_takes)
{
    static const struct {
        uint64_t size;
        const char *line;
    } table[] = {
        {1, "1\r\n"},   {9, "9\r\n"},    {10, "a\r\n"},        {15, "f\r\n"},
        {16, "10\r\n"}, {255, "ff\r\n"}, {65536, "10000\r\n"}, {UINT64_MAX, "ffffffffffffffff\r\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char storage[HTTP_CHUNK_START_MAX];
        struct buffer buffer;
        buffer_init(&buffer, storage, sizeof storage);
        cr_assert(http_chunk_start_write(&buffer, table[i].size));
        cr_expect(bytes_equal(buffer_view(&buffer), bytes_of(table[i].line)), "%s", table[i].line);
        buffer_init(&buffer, storage, strlen(table[i].line) - 1);
        cr_expect_not(http_chunk_start_write(&buffer, table[i].size));
        cr_expect_eq(buffer.size, 0);
    }
}
