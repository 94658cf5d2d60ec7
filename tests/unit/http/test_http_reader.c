#include "conversation.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum {
    STREAM_SIZE = 200000,
    BODY_MOST = 1000000
};

static char stream_storage[STREAM_SIZE];
static char said_storage[STREAM_SIZE];
static struct buffer stream;
static struct conversation conversation;

static void send(const char *text)
{
    cr_assert(buffer_append(&stream, bytes_of(text)));
}

static void send_repeated(char byte, size_t count)
{
    cr_assert(buffer_room(&stream) >= count);
    memset(stream.data + stream.size, byte, count);
    stream.size += count;
}

static void begin(const char *text)
{
    buffer_init(&stream, stream_storage, sizeof stream_storage);
    send(text);
}

/* The last status of the stream, whole and in pieces; 0 if it was not refused. */
static void expect_status(uint16_t status, uint64_t body_most)
{
    static const struct cuts ways[] = {{.first = STREAM_SIZE},
                                       {.first = 1, .rest = 1},
                                       {.first = 5, .rest = 1000},
                                       {.seed = 1},
                                       {.seed = 2}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct buffer said;
        buffer_init(&said, said_storage, sizeof said_storage);
        conversation_hold(&conversation, said, buffer_view(&stream), ways[i], body_most);
        cr_expect_eq(conversation.refusal.status, status, "way %zu: %u (%s)", i,
                     conversation.refusal.status, conversation.refusal.reason);
        cr_expect_not(conversation.is_stuck);
        cr_expect(status != 0 || !conversation.is_in_body, "way %zu: the body has not ended", i);
    }
}

static struct http_reader reader;
static struct http_head head;
static struct http_refusal refusal;

static enum http_progress read_head(struct bytes text, uint64_t body_most)
{
    return http_reader_head(&reader, text, false, body_most, &head, &refusal);
}

Test(http_reader, gives_views_into_the_head)
{
    struct bytes text = BYTES("PUT /a?b HTTP/1.1\r\nHost: h:80\r\nX: 1 \r\n\r\n");
    cr_assert_eq(read_head(text, 0), HTTP_COMPLETE);
    cr_expect_eq(head.method.data, text.data);
    cr_expect_eq(head.target.data, text.data + 4);
    cr_expect(bytes_equal(head.target, BYTES("/a?b")));
    cr_expect_eq(head.path.data, text.data + 4);
    cr_expect_eq(head.query.data, text.data + 7);
    cr_expect_eq(head.authority.data, text.data + 25);
    cr_expect_eq(head.version_minor, 1);
    cr_expect_eq(head.field_count, 2);
    cr_expect(bytes_equal(head.fields[0].name, BYTES("Host")));
    cr_expect_eq(head.fields[1].name.data, text.data + 31);
    cr_expect(bytes_equal(head.fields[1].value, BYTES("1")));
}

Test(http_reader, gives_the_target_as_it_was_sent)
{
    cr_assert_eq(read_head(BYTES("GET HTTP://A:1?x HTTP/1.1\r\nHost: h\r\n\r\n"), 0),
                 HTTP_COMPLETE);
    cr_expect(bytes_equal(head.target, BYTES("HTTP://A:1?x")));
}

/* What the scan would not have let through. Promise CON-5 */
Test(http_reader, refuses_what_is_not_exactly_a_head)
{
    static const char *const heads[] = {
        "",
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\r\nG",
        "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n 2\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        cr_expect_eq(read_head(bytes_of(heads[i]), 0), HTTP_REFUSED, "row %zu", i);
        cr_expect_eq(refusal.status, 400, "row %zu", i);
    }
}

/* Promise CON-6 */
Test(http_reader, takes_as_many_fields_as_there_is_room_for)
{
    for (int fields = HTTP_HEADERS_MAX - 1; fields <= HTTP_HEADERS_MAX + 1; fields++) {
        begin("GET / HTTP/1.1\r\nHost: h\r\n");
        for (int i = 1; i < fields; i++)
            send("A: 1\r\n");
        send("\r\n");
        expect_status(fields > HTTP_HEADERS_MAX ? 431 : 0, 0);
    }
}

Test(http_reader, takes_a_body_up_to_its_limit)
{
    struct bytes text = BYTES("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    cr_expect_eq(read_head(text, 5), HTTP_COMPLETE);
    cr_expect_eq(head.content_length, 5);
    cr_expect_eq(read_head(text, UINT64_MAX), HTTP_COMPLETE);
    cr_expect_eq(read_head(text, 4), HTTP_REFUSED);
    cr_expect_eq(refusal.status, 413);
    cr_expect_eq(read_head(text, 0), HTTP_REFUSED);
}

#define CHUNKED "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LENGTH_5 "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"

Test(http_reader, gives_parts_of_the_input_and_stops_at_the_end_of_the_message)
{
    struct bytes text = BYTES("helloGET");
    struct bytes input = bytes_first(text, 2);
    struct bytes part;
    cr_assert_eq(read_head(BYTES(LENGTH_5), 5), HTTP_COMPLETE);
    cr_expect_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_INCOMPLETE);
    cr_expect_eq(part.data, text.data);
    cr_expect_eq(part.size, 2);
    cr_expect_eq(input.size, 0);
    input = bytes_from(text, 2);
    cr_expect_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_COMPLETE);
    cr_expect(bytes_equal(part, BYTES("llo")));
    cr_expect(bytes_equal(input, BYTES("GET")));
}

Test(http_reader, says_again_that_a_message_has_ended)
{
    struct bytes input = BYTES("1\r\na\r\n0\r\n\r\nGET");
    struct bytes part;
    cr_assert_eq(read_head(BYTES(CHUNKED), 5), HTTP_COMPLETE);
    cr_expect_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_INCOMPLETE);
    cr_expect(bytes_equal(part, BYTES("a")));
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_COMPLETE);
        cr_expect_eq(part.size, 0);
        cr_expect(bytes_equal(input, BYTES("GET")));
    }
}

Test(http_reader, has_nothing_to_read_where_there_is_no_body)
{
    struct bytes input = BYTES("GET");
    struct bytes part;
    cr_assert_eq(read_head(BYTES("GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), 5), HTTP_COMPLETE);
    cr_expect_not(head.has_body);
    cr_expect_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_COMPLETE);
    cr_expect_eq(part.size, 0);
    cr_expect_eq(input.size, 3);
}

Test(http_reader, needs_more_when_there_is_nothing)
{
    struct bytes input = {NULL, 0};
    struct bytes part;
    cr_assert_eq(read_head(BYTES(LENGTH_5), 5), HTTP_COMPLETE);
    cr_expect_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_INCOMPLETE);
    cr_expect_eq(part.size, 0);
}

Test(http_reader, may_be_moved_between_calls)
{
    static struct http_reader other;
    struct bytes text = BYTES("3\r\nabc\r\n0\r\n\r\n");
    struct bytes part;
    cr_assert_eq(read_head(BYTES(CHUNKED), 5), HTTP_COMPLETE);
    size_t payload = 0;
    enum http_progress progress = HTTP_INCOMPLETE;
    for (size_t i = 0; i < text.size; i++) {
        struct bytes input = {text.data + i, 1};
        memcpy(&other, &reader, sizeof other);
        memset(&reader, 0xa5, sizeof reader);
        progress = http_reader_body(&other, &input, &part, &refusal);
        payload += part.size;
        memcpy(&reader, &other, sizeof reader);
    }
    cr_expect_eq(progress, HTTP_COMPLETE);
    cr_expect_eq(payload, 3);
}

Test(http_reader, serves_one_request_after_the_other)
{
    struct bytes part;
    struct bytes input = BYTES("x");
    cr_assert_eq(read_head(BYTES(CHUNKED), 5), HTTP_COMPLETE);
    cr_assert_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_REFUSED);
    cr_assert_eq(read_head(BYTES(LENGTH_5), 5), HTTP_COMPLETE);
    input = BYTES("hello");
    cr_expect_eq(http_reader_body(&reader, &input, &part, &refusal), HTTP_COMPLETE);
    cr_expect_eq(part.size, 5);
}

/* Promise CON-7: what surrounds the payload is bounded, and the least that it takes does not count.
 */
Test(http_reader, takes_chunk_extensions_up_to_their_limit)
{
    for (size_t more = 0; more <= 1; more++) {
        uint16_t status = more == 0 ? 0 : 413;
        begin(CHUNKED "3;a");
        send_repeated('b', HTTP_CHUNK_OVERHEAD_MAX - 2 + more);
        send("\r\nabc\r\n0\r\n\r\n");
        expect_status(status, BODY_MOST);

        begin(CHUNKED "1\r\nx\r\n10;a");
        send_repeated('b', HTTP_CHUNK_OVERHEAD_MAX - 2 + more);
        send("\r\n0123456789abcdef\r\n0\r\n\r\n");
        expect_status(status, BODY_MOST);

        begin(CHUNKED);
        send_repeated('0', HTTP_CHUNK_OVERHEAD_MAX + more);
        send("3\r\nabc\r\n0\r\n\r\n");
        expect_status(status, BODY_MOST);

        begin(CHUNKED "3;a\r\nabc\r\n");
        send_repeated('0', HTTP_CHUNK_OVERHEAD_MAX - 1 + more);
        send("\r\nA: 1\r\n\r\n");
        expect_status(status, BODY_MOST);
    }
}

Test(http_reader, counts_chunk_extensions_together)
{
    begin(CHUNKED);
    for (int i = 0; i < 1000; i++)
        send("1;abcdefg\r\nx\r\n");
    send("0\r\n\r\n");
    expect_status(0, BODY_MOST);
    begin(CHUNKED);
    for (int i = 0; i < 1025; i++)
        send("1;abcdefg\r\nx\r\n");
    expect_status(413, BODY_MOST);
}

Test(http_reader, takes_any_number_of_plain_chunks)
{
    begin(CHUNKED);
    for (int i = 0; i < 10000; i++)
        send("1\r\nx\r\n");
    send("10\r\n0123456789abcdef\r\n0\r\n\r\n");
    expect_status(0, BODY_MOST);
    expect_status(413, 10000);
}

Test(http_reader, refuses_an_endless_size_line_before_it_ends)
{
    begin(CHUNKED "3;a=\"");
    send_repeated('b', 10000);
    expect_status(413, BODY_MOST);
    begin(CHUNKED);
    send_repeated('0', 10000);
    expect_status(413, BODY_MOST);
}

/* Promise CON-6 */
Test(http_reader, takes_trailers_up_to_their_limit)
{
    for (size_t more = 0; more <= 1; more++) {
        begin(CHUNKED "0;a=b\r\nA: ");
        send_repeated('b', HTTP_TRAILERS_MAX - 7 + more);
        send("\r\n\r\n");
        expect_status(more == 0 ? 0 : 431, BODY_MOST);
    }
    begin(CHUNKED "0\r\n");
    for (int i = 0; i < 2000; i++)
        send("A: 1\r\n");
    expect_status(431, BODY_MOST);
    begin(CHUNKED "0\r\n");
    send_repeated('a', 10000);
    expect_status(431, BODY_MOST);
}

Test(http_reader, gives_large_bodies_whole)
{
    begin(LENGTH_5 "helloPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n");
    send_repeated('x', 70000);
    send(CHUNKED "11170\r\n");
    send_repeated('y', 70000);
    send("\r\n0\r\n\r\n");
    expect_status(0, BODY_MOST);
    size_t payload = 0;
    for (size_t i = 0; i < conversation.said.size; i++)
        payload += said_storage[i] == 'x' || said_storage[i] == 'y';
    cr_expect_eq(payload, 140000);
}

/* Fields whose values end in a comma list of every length up to where the scan works in words. */
Test(http_reader, finds_close_wherever_it_stands)
{
    for (int options = 0; options < 40; options++) {
        begin("GET / HTTP/1.1\r\nHost: h\r\nConnection: ");
        for (int i = 0; i < options; i++)
            send("a,");
        send("close\r\n\r\n");
        cr_assert_eq(read_head(buffer_view(&stream), 0), HTTP_COMPLETE);
        cr_expect_not(head.persists);
    }
}
