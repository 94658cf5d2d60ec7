/* json - writes one JSON text into memory that the caller gives.
 *
 * Pure. Commas are set where they belong. What does not fit is left out and `is_full` says so. */
#ifndef TOAD_APPS_JSON_H
#define TOAD_APPS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *data; /* borrowed from whoever called json_init() */
    size_t size;
    size_t capacity;
    bool is_full;
    bool wants_comma;
};

void json_init(struct json *json, char *data, size_t capacity);

/* Begins an object, '{', or a list, '['. `key` is its name in the object around it, NULL elsewhere.
 * The same holds for the keys below; a key is a literal that needs no escaping. */
void json_begin(struct json *json, const char *key, char bracket);
/* Ends it with '}' or ']'. */
void json_end(struct json *json, char bracket);

void json_number(struct json *json, const char *key, uint64_t number);
void json_boolean(struct json *json, const char *key, bool is_true);
/* Any bytes. What is not UTF-8 is shown byte by byte as \u00XX (RFC 8259 7 and 8.1). */
void json_bytes(struct json *json, const char *key, const char *data, size_t size);
void json_text(struct json *json, const char *key, const char *text);

#endif
