#include "http/http_framing.h"

#include "http/http_grammar.h"

enum {
    FORBIDDEN_NAMES = 3,
    FORBIDDEN_NAME_MAX = 17,
    NO_SUSPECT = 0,
    ALL_SUSPECTS = (1 << FORBIDDEN_NAMES) - 1
};

static const char forbidden[FORBIDDEN_NAMES][FORBIDDEN_NAME_MAX + 1] = {
    "content-length", "transfer-encoding", "host"};

void http_framing_init(struct http_framing *framing)
{
    *framing = (struct http_framing){.extension = HTTP_EXTENSION_NONE};
}

static void begin_name(struct http_framing *framing)
{
    framing->is_in_name = true;
    framing->name_size = 0;
    framing->suspects = ALL_SUSPECTS;
}

void http_framing_begin_trailers(struct http_framing *framing)
{
    framing->is_in_trailers = true;
    begin_name(framing);
}

static bool is_white_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Where extensions begin, or white space in front of them. */
static size_t find_extension(struct bytes bytes)
{
    size_t at = 0;
    while (at < bytes.size && bytes.data[at] != ';' && !is_white_space(bytes.data[at]))
        at++;
    return at;
}

struct bytes http_framing_run(const struct http_framing *framing, struct bytes bytes,
                              bool *ret_is_extension)
{
    *ret_is_extension = false;
    if (framing->is_in_trailers)
        return bytes;
    struct bytes before = bytes_first(bytes, find_extension(bytes));
    if (framing->extension == HTTP_EXTENSION_NONE && before.size > 0)
        return before;
    struct bytes run = bytes_first(bytes, bytes_find(bytes, '\r'));
    *ret_is_extension = run.size > 0;
    return run.size > 0 ? run : before;
}

static enum http_extension behind_value(char byte)
{
    if (is_white_space(byte))
        return HTTP_EXTENSION_BEFORE_SEMICOLON;
    return byte == ';' ? HTTP_EXTENSION_BEFORE_NAME : HTTP_EXTENSION_WRONG;
}

static enum http_extension behind_name(char byte)
{
    if (byte == '=')
        return HTTP_EXTENSION_BEFORE_VALUE;
    if (is_white_space(byte))
        return HTTP_EXTENSION_BEHIND_NAME;
    return byte == ';' ? HTTP_EXTENSION_BEFORE_NAME : HTTP_EXTENSION_WRONG;
}

static enum http_extension before_word(enum http_extension extension, char byte)
{
    bool is_name = extension == HTTP_EXTENSION_BEFORE_NAME;
    if (is_white_space(byte))
        return extension;
    if (http_is_token_byte(byte))
        return is_name ? HTTP_EXTENSION_NAME : HTTP_EXTENSION_VALUE;
    return byte == '"' && !is_name ? HTTP_EXTENSION_QUOTED : HTTP_EXTENSION_WRONG;
}

static enum http_extension extension_next(enum http_extension extension, char byte)
{
    switch (extension) {
    case HTTP_EXTENSION_BEFORE_NAME:
    case HTTP_EXTENSION_BEFORE_VALUE:
        return before_word(extension, byte);
    case HTTP_EXTENSION_NAME:
        return http_is_token_byte(byte) ? extension : behind_name(byte);
    case HTTP_EXTENSION_BEHIND_NAME:
        return behind_name(byte);
    case HTTP_EXTENSION_VALUE:
        return http_is_token_byte(byte) ? extension : behind_value(byte);
    case HTTP_EXTENSION_QUOTED:
        if (byte == '\\')
            return HTTP_EXTENSION_ESCAPED;
        return byte == '"' ? HTTP_EXTENSION_BEHIND_QUOTES : extension;
    case HTTP_EXTENSION_ESCAPED:
        return HTTP_EXTENSION_QUOTED;
    case HTTP_EXTENSION_NONE:
    case HTTP_EXTENSION_BEFORE_SEMICOLON:
    case HTTP_EXTENSION_BEHIND_QUOTES:
    case HTTP_EXTENSION_WRONG: /* nobody goes on from there */
        break;
    }
    return behind_value(byte);
}

static bool extension_may_end(enum http_extension extension)
{
    return extension == HTTP_EXTENSION_NONE || extension == HTTP_EXTENSION_NAME ||
           extension == HTTP_EXTENSION_VALUE || extension == HTTP_EXTENSION_BEHIND_QUOTES;
}

static char lower(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return (char)(byte + ('a' - 'A'));
    return byte;
}

/* Who of the suspects has `byte` as the next one of its name; the NUL stands for the name's end. */
static uint8_t suspects_with(const struct http_framing *framing, char byte)
{
    unsigned suspects = framing->suspects;
    for (unsigned i = 0; i < FORBIDDEN_NAMES; i++)
        if ((suspects & (1u << i)) != 0 && forbidden[i][framing->name_size] != byte)
            suspects &= ~(1u << i);
    return (uint8_t)suspects;
}

/* A name that no suspect is left for is not followed further, so the size stays small. */
static const char *check_name(struct http_framing *framing, char byte)
{
    if (framing->name_size == 0 && byte != '\r' && !http_is_token_byte(byte))
        return "A trailer line does not begin with a field name";
    if (byte == ':') {
        framing->is_in_name = false;
        return suspects_with(framing, '\0') == NO_SUSPECT
                   ? NULL
                   : "A trailer field would change the framing or the target";
    }
    framing->suspects = suspects_with(framing, lower(byte));
    framing->is_in_name = framing->suspects != NO_SUSPECT;
    framing->name_size++;
    return NULL;
}

/* Extensions belong behind a size and nowhere else in a size line. */
static const char *check_size(struct http_framing *framing, char byte)
{
    static const char wrong[] = "A chunk extension is malformed";
    if (byte == '\r') {
        bool may_end = extension_may_end(framing->extension);
        framing->extension = HTTP_EXTENSION_NONE;
        return may_end ? NULL : wrong;
    }
    bool is_outside = framing->extension == HTTP_EXTENSION_NONE;
    if (is_outside && byte != ';' && !is_white_space(byte)) {
        framing->is_behind_digit = true;
        return NULL;
    }
    framing->extension = extension_next(framing->extension, byte);
    bool is_misplaced = is_outside && !framing->is_behind_digit;
    return is_misplaced || framing->extension == HTTP_EXTENSION_WRONG ? wrong : NULL;
}

static void end_line(struct http_framing *framing)
{
    framing->is_behind_digit = false;
    if (framing->is_in_trailers)
        begin_name(framing);
}

static const char *check_byte(struct http_framing *framing, char byte)
{
    if (framing->is_behind_cr != (byte == '\n'))
        return "A line around the chunks does not end in CRLF";
    framing->is_behind_cr = byte == '\r';
    if (byte == '\n') {
        end_line(framing);
        return NULL;
    }
    if (http_is_control(byte) && byte != '\r' && byte != '\t')
        return "A line around the chunks has a control byte";
    if (!framing->is_in_trailers)
        return check_size(framing, byte);
    return framing->is_in_name ? check_name(framing, byte) : NULL;
}

const char *http_framing_check(struct http_framing *framing, struct bytes bytes)
{
    const char *fault = NULL;
    for (size_t i = 0; i < bytes.size && fault == NULL; i++)
        fault = check_byte(framing, bytes.data[i]);
    return fault;
}

uint32_t http_chunk_line_size(uint64_t chunk_size)
{
    uint32_t digits = 1;
    while (chunk_size >= 16) {
        chunk_size /= 16;
        digits++;
    }
    return digits + 2;
}
