#include "http/http_reader.h"

#include "http/http_fields.h"
#include "http/http_target.h"

#include <llhttp.h>

#include <assert.h>
#include <string.h>

static_assert(LLHTTP_STRICT_MODE == 1, "loose parsing takes what promise CON-5 refuses");
static_assert(sizeof(llhttp_t) <= HTTP_PARSER_SIZE, "the parser's state fits into a reader");

enum {
    /* The longest line that a chunk can need: CRLF behind the last one, 16 digits, CRLF. */
    CHUNK_LINE_MAX = 20,
    CHUNK_END_SIZE = 2
};

/* What the callbacks of one execution leave behind. */
struct outcome {
    struct http_head *head; /* NULL behind the head: trailer fields are dropped */
    bool has_too_many_fields;
    bool is_at_chunk;
    bool is_at_end;
};

static int on_name(llhttp_t *parser, const char *at, size_t size)
{
    struct outcome *outcome = parser->data;
    struct http_head *head = outcome->head;
    if (head == NULL)
        return 0;
    outcome->has_too_many_fields = head->field_count == HTTP_HEADERS_MAX;
    if (outcome->has_too_many_fields)
        return -1;
    head->fields[head->field_count++] = (struct http_field){{at, size}, {at + size, 0}};
    return 0;
}

/* A head is in one place, so a value is in one piece; only that of a folded line would not be. */
static int on_value(llhttp_t *parser, const char *at, size_t size)
{
    const struct outcome *outcome = parser->data;
    if (outcome->head == NULL)
        return 0;
    struct bytes *value = &outcome->head->fields[outcome->head->field_count - 1].value;
    if (value->size > 0)
        return -1;
    *value = (struct bytes){at, size};
    return 0;
}

static int on_head_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static int on_chunk(llhttp_t *parser)
{
    struct outcome *outcome = parser->data;
    outcome->is_at_chunk = true;
    return HPE_PAUSED;
}

/* Stops before the next request, and before llhttp turns to an upgrade that is not made here. */
static int on_end(llhttp_t *parser)
{
    struct outcome *outcome = parser->data;
    outcome->is_at_end = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_head_complete,
    .on_chunk_header = on_chunk,
    .on_message_complete = on_end,
};

static enum http_progress refuse_head(llhttp_errno_t error, struct http_refusal *ret_refusal)
{
    switch ((int)error) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_CONSTANT: /* a method of another protocol; the version has been read */
        return http_refuse(ret_refusal, 501, "The server does not know this method");
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return http_refuse(ret_refusal, 400, "The Content-Length is malformed or not alone");
    case HPE_INVALID_TRANSFER_ENCODING:
        return http_refuse(ret_refusal, 400, "The Transfer-Encoding is malformed or not alone");
    default:
        return http_refuse(ret_refusal, 400, "The head is malformed");
    }
}

/* The parser and the rules of this room have read the same framing. */
static bool is_agreed(const llhttp_t *parser, const struct http_head *head)
{
    return ((parser->flags & F_CHUNKED) != 0) == head->is_chunked &&
           parser->content_length == head->content_length;
}

static enum http_progress parse_head(llhttp_t *parser, struct bytes head,
                                     struct http_head *ret_head, struct http_refusal *ret_refusal)
{
    struct outcome outcome = {.head = ret_head};
    llhttp_init(parser, HTTP_REQUEST, &settings);
    parser->data = &outcome;
    ret_head->field_count = 0;
    llhttp_errno_t error = llhttp_execute(parser, head.data, head.size);
    parser->data = NULL;
    if (outcome.has_too_many_fields)
        return http_refuse(ret_refusal, 431, "The head has too many fields");
    if (error != HPE_PAUSED || llhttp_get_error_pos(parser) != head.data + head.size)
        return refuse_head(error, ret_refusal);
    return HTTP_COMPLETE;
}

static void reader_begin_body(struct http_reader *reader, const llhttp_t *parser,
                              const struct http_head *head, uint64_t body_most)
{
    reader->body_size = 0;
    reader->body_most = body_most;
    reader->part_left = head->content_length;
    reader->overhead = 0;
    reader->is_done = !head->has_body;
    http_framing_init(&reader->framing);
    memcpy(reader->parser, parser, sizeof *parser);
}

enum http_progress http_reader_head(struct http_reader *reader, struct bytes head, bool is_tls,
                                    uint64_t body_most, struct http_head *ret_head,
                                    struct http_refusal *ret_refusal)
{
    llhttp_t parser;
    struct bytes line = bytes_first(head, bytes_find(head, '\r'));
    if (http_request_line_read(line, is_tls, ret_head, ret_refusal) == HTTP_REFUSED ||
        parse_head(&parser, head, ret_head, ret_refusal) == HTTP_REFUSED ||
        http_fields_read(ret_head, body_most, ret_refusal) == HTTP_REFUSED)
        return HTTP_REFUSED;
    if (!is_agreed(&parser, ret_head))
        return http_refuse(ret_refusal, 400, "The framing can be understood in two ways");
    reader_begin_body(reader, &parser, ret_head, body_most);
    return HTTP_COMPLETE;
}

/* Feeds `*slice` to the parser and cuts it to what was read. */
static llhttp_errno_t execute(struct http_reader *reader, struct bytes *slice,
                              struct outcome *ret_outcome, uint64_t *ret_chunk_size)
{
    llhttp_t parser;
    memcpy(&parser, reader->parser, sizeof parser);
    *ret_outcome = (struct outcome){0};
    parser.data = ret_outcome;
    llhttp_resume(&parser);
    llhttp_errno_t error = llhttp_execute(&parser, slice->data, slice->size);
    if (error != HPE_OK)
        slice->size = (size_t)(llhttp_get_error_pos(&parser) - slice->data);
    *ret_chunk_size = parser.content_length;
    parser.data = NULL;
    memcpy(reader->parser, &parser, sizeof parser);
    return error;
}

/* Payload: how much is known, so nothing but its end can come up. */
static enum http_progress read_payload(struct http_reader *reader, struct bytes *input,
                                       struct bytes *ret_part)
{
    size_t most = reader->part_left < input->size ? (size_t)reader->part_left : input->size;
    struct bytes part = bytes_first(*input, most);
    struct outcome outcome;
    uint64_t unused;
    (void)execute(reader, &part, &outcome, &unused);
    assert(part.size == most);
    reader->part_left -= most;
    reader->body_size += most;
    reader->is_done = outcome.is_at_end;
    *input = bytes_from(*input, most);
    *ret_part = part;
    return reader->is_done ? HTTP_COMPLETE : HTTP_INCOMPLETE;
}

static uint32_t overhead_most(const struct http_reader *reader)
{
    return reader->framing.is_in_trailers ? HTTP_TRAILERS_MAX
                                          : HTTP_CHUNK_OVERHEAD_MAX + CHUNK_LINE_MAX;
}

static enum http_progress refuse_overhead(const struct http_reader *reader,
                                          struct http_refusal *ret_refusal)
{
    return reader->framing.is_in_trailers
               ? http_refuse(ret_refusal, 431, "The trailer section is too long")
               : http_refuse(ret_refusal, 413, "The chunk extensions are too long");
}

/* Behind a size line: takes what such a line needs out of the overhead. */
static enum http_progress begin_chunk(struct http_reader *reader, uint64_t size,
                                      struct http_refusal *ret_refusal)
{
    bool is_first = reader->body_size == 0;
    reader->overhead -= http_chunk_line_size(size) + (is_first ? 0 : CHUNK_END_SIZE);
    if (reader->overhead > HTTP_CHUNK_OVERHEAD_MAX)
        return refuse_overhead(reader, ret_refusal);
    if (size > reader->body_most - reader->body_size)
        return http_refuse(ret_refusal, 413, "The body is above the limit");
    reader->part_left = size;
    if (size == 0) {
        reader->overhead = 0;
        http_framing_begin_trailers(&reader->framing);
    }
    return HTTP_INCOMPLETE;
}

/* Size lines and trailers, up to the next payload or the end. No more of them is looked at than is
 * allowed, so that the verdict does not depend on how the input is cut. */
static enum http_progress read_framing(struct http_reader *reader, struct bytes *input,
                                       struct http_refusal *ret_refusal)
{
    bool is_extension;
    struct bytes allowed = bytes_first(*input, overhead_most(reader) - reader->overhead);
    struct bytes run = http_framing_run(&reader->framing, allowed, &is_extension);
    struct outcome outcome = {0};
    uint64_t chunk_size = 0;
    llhttp_errno_t error = HPE_OK;
    if (!is_extension)
        error = execute(reader, &run, &outcome, &chunk_size);
    const char *fault = http_framing_check(&reader->framing, run);
    if (fault == NULL && error != HPE_OK && error != HPE_PAUSED)
        fault = "The chunked body is malformed";
    if (fault != NULL)
        return http_refuse(ret_refusal, 400, fault);
    *input = bytes_from(*input, run.size);
    reader->overhead += (uint32_t)run.size;
    reader->is_done = outcome.is_at_end;
    if (outcome.is_at_chunk)
        return begin_chunk(reader, chunk_size, ret_refusal);
    if (!reader->is_done && reader->overhead == overhead_most(reader))
        return refuse_overhead(reader, ret_refusal);
    return HTTP_INCOMPLETE;
}

enum http_progress http_reader_body(struct http_reader *reader, struct bytes *input,
                                    struct bytes *ret_part, struct http_refusal *ret_refusal)
{
    *ret_part = (struct bytes){input->data, 0};
    while (!reader->is_done && input->size > 0) {
        if (reader->part_left > 0)
            return read_payload(reader, input, ret_part);
        if (read_framing(reader, input, ret_refusal) == HTTP_REFUSED)
            return HTTP_REFUSED;
    }
    return reader->is_done ? HTTP_COMPLETE : HTTP_INCOMPLETE;
}
