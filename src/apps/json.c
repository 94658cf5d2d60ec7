#include "apps/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void json_init(struct json *json, char *data, size_t capacity)
{
    *json = (struct json){.data = data, .capacity = capacity};
}

static void append(struct json *json, const char *data, size_t size)
{
    if (json->is_full || size > json->capacity - json->size) {
        json->is_full = true;
        return;
    }
    memcpy(json->data + json->size, data, size);
    json->size += size;
}

static void append_key(struct json *json, const char *key)
{
    if (json->wants_comma)
        append(json, ",", 1);
    json->wants_comma = true;
    if (key == NULL)
        return;
    append(json, "\"", 1);
    append(json, key, strlen(key));
    append(json, "\":", 2);
}

void json_begin(struct json *json, const char *key, char bracket)
{
    append_key(json, key);
    append(json, &bracket, 1);
    json->wants_comma = false;
}

void json_end(struct json *json, char bracket)
{
    append(json, &bracket, 1);
    json->wants_comma = true;
}

void json_number(struct json *json, const char *key, uint64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    append_key(json, key);
    append(json, digits, (size_t)size);
}

void json_boolean(struct json *json, const char *key, bool is_true)
{
    append_key(json, key);
    append(json, is_true ? "true" : "false", is_true ? 4 : 5);
}

/* What may begin a sequence of `size` bytes, and what its second byte may be (RFC 3629 4). */
struct utf8_row {
    unsigned char first_least, first_most;
    unsigned char second_least, second_most;
    size_t size;
};

static const struct utf8_row utf8_rows[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static bool row_fits(const struct utf8_row *row, const unsigned char *bytes, size_t size)
{
    if (bytes[0] < row->first_least || bytes[0] > row->first_most || size < row->size)
        return false;
    if (bytes[1] < row->second_least || bytes[1] > row->second_most)
        return false;
    for (size_t i = 2; i < row->size; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xBF)
            return false;
    return true;
}

/* How many bytes from here can be copied as they are: one character, or 0 if it must be escaped. */
static size_t plain_size(const unsigned char *bytes, size_t size)
{
    if (bytes[0] < 0x80)
        return bytes[0] >= 0x20 && bytes[0] != '"' && bytes[0] != '\\' ? 1 : 0;
    for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++)
        if (row_fits(&utf8_rows[i], bytes, size))
            return utf8_rows[i].size;
    return 0;
}

static void append_escaped(struct json *json, unsigned char byte)
{
    char text[8];
    int size = snprintf(text, sizeof(text), "\\u%04X", (unsigned)byte);
    append(json, text, (size_t)size);
}

void json_bytes(struct json *json, const char *key, const char *data, size_t size)
{
    append_key(json, key);
    append(json, "\"", 1);
    for (size_t i = 0; i < size;) {
        size_t plain = plain_size((const unsigned char *)data + i, size - i);
        if (plain == 0)
            append_escaped(json, (unsigned char)data[i]);
        else
            append(json, data + i, plain);
        i += plain == 0 ? 1 : plain;
    }
    append(json, "\"", 1);
}

void json_text(struct json *json, const char *key, const char *text)
{
    json_bytes(json, key, text, strlen(text));
}
