/* conversation - what a server understands of a stream of bytes, written down as a line of text.
 *
 * Plays the part of a connection: scan, head, body, next request. The stream is handed over in
 * pieces, each time in memory of exactly the size of what has not been read yet, so that a
 * sanitizer sees a byte read beyond it and a view kept too long.
 *
 * The line of text: requests with ` | ` between them, each as
 *     METHOD PATH?QUERY 1.0 @AUTHORITY close expects {NAME=VALUE} [BODY]
 * without the parts that do not apply (1.0: the version is not 1.1; {}: fields other than those
 * that the other parts stem from). A refusal is its status; `...` means that more bytes are needed.
 * Nothing is read behind a refusal or `close`. */
#ifndef TOAD_TESTS_UNIT_HTTP_CONVERSATION_H
#define TOAD_TESTS_UNIT_HTTP_CONVERSATION_H

#include "cuts.h"

#include "base/buffer.h"
#include "http/http_reader.h"
#include "http/http_scan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct conversation {
    struct buffer said; /* the storage is the caller's */
    struct http_scan scan;
    struct http_reader reader;
    struct http_head head;
    struct http_refusal refusal;
    uint64_t body_most;
    bool is_in_body;
    bool is_over;
    bool is_stuck; /* a call took nothing, gave nothing, and did not say that it needs more */
};

static void conversation_say(struct conversation *conversation, struct bytes text)
{
    (void)buffer_append(&conversation->said, text);
}

static bool is_told_otherwise(struct bytes name)
{
    static const char *const names[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection",
                                        "Expect"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bytes_equal_ignoring_case(name, bytes_of(names[i])))
            return true;
    return false;
}

static void conversation_say_fields(struct conversation *conversation)
{
    for (uint32_t i = 0; i < conversation->head.field_count; i++) {
        const struct http_field *field = &conversation->head.fields[i];
        if (is_told_otherwise(field->name))
            continue;
        conversation_say(conversation, BYTES(" {"));
        conversation_say(conversation, field->name);
        conversation_say(conversation, BYTES("="));
        conversation_say(conversation, field->value);
        conversation_say(conversation, BYTES("}"));
    }
}

static void conversation_say_head(struct conversation *conversation)
{
    const struct http_head *head = &conversation->head;
    conversation_say(conversation, conversation->said.size > 0 ? BYTES(" | ") : BYTES(""));
    conversation_say(conversation, head->method);
    conversation_say(conversation, BYTES(" "));
    conversation_say(conversation, head->path);
    conversation_say(conversation, head->query.size > 0 ? BYTES("?") : BYTES(""));
    conversation_say(conversation, head->query);
    conversation_say(conversation, head->version_minor == 0 ? BYTES(" 1.0") : BYTES(""));
    conversation_say(conversation, head->authority.size > 0 ? BYTES(" @") : BYTES(""));
    conversation_say(conversation, head->authority);
    conversation_say(conversation, head->persists ? BYTES("") : BYTES(" close"));
    conversation_say(conversation, head->expects_continue ? BYTES(" expects") : BYTES(""));
    conversation_say_fields(conversation);
    conversation_say(conversation, head->has_body ? BYTES(" [") : BYTES(""));
}

static void conversation_refuse(struct conversation *conversation)
{
    conversation_say(conversation, conversation->said.size == 0 ? BYTES("")
                                   : conversation->is_in_body   ? BYTES(" ")
                                                                : BYTES(" | "));
    (void)buffer_append_number(&conversation->said, conversation->refusal.status);
    conversation->is_over = true;
}

/* Both take what they read off `*input`; false once more bytes are needed. */
static bool conversation_read_head(struct conversation *conversation, struct bytes *input)
{
    struct bytes head;
    size_t size = 0;
    enum http_progress progress =
        http_scan_head(&conversation->scan, *input, &head, &size, &conversation->refusal);
    if (progress == HTTP_COMPLETE)
        progress = http_reader_head(&conversation->reader, head, false, conversation->body_most,
                                    &conversation->head, &conversation->refusal);
    if (progress == HTTP_REFUSED)
        conversation_refuse(conversation);
    if (progress != HTTP_COMPLETE)
        return false;
    conversation_say_head(conversation);
    *input = (struct bytes){input->data + size, input->size - size};
    http_scan_init(&conversation->scan);
    conversation->is_in_body = conversation->head.has_body;
    conversation->is_over = !conversation->is_in_body && !conversation->head.persists;
    return true;
}

static bool conversation_read_body(struct conversation *conversation, struct bytes *input)
{
    struct bytes part;
    enum http_progress progress =
        http_reader_body(&conversation->reader, input, &part, &conversation->refusal);
    conversation_say(conversation, part);
    if (progress == HTTP_REFUSED)
        conversation_refuse(conversation);
    if (progress == HTTP_INCOMPLETE) {
        conversation->is_stuck = input->size > 0 && part.size == 0;
        return input->size > 0 && !conversation->is_stuck;
    }
    if (progress == HTTP_COMPLETE) {
        conversation_say(conversation, BYTES("]"));
        conversation->is_in_body = false;
        conversation->is_over = !conversation->head.persists;
    }
    return true;
}

/* Reads as far as it can and returns how many bytes are left. */
static size_t conversation_read(struct conversation *conversation, struct bytes input)
{
    bool goes_on = true;
    while (goes_on && !conversation->is_over)
        goes_on = conversation->is_in_body ? conversation_read_body(conversation, &input)
                                           : conversation_read_head(conversation, &input);
    return input.size;
}

/* Hands the stream over as it is cut. The head starts as garbage: nothing of it is given. */
static void conversation_hold(struct conversation *conversation, struct buffer said,
                              struct bytes stream, struct cuts cuts, uint64_t body_most)
{
    *conversation = (struct conversation){.said = said, .body_most = body_most};
    memset(&conversation->head, 0xa5, sizeof conversation->head);
    memset(&conversation->reader, 0xa5, sizeof conversation->reader);
    http_scan_init(&conversation->scan);
    size_t read = 0;
    size_t given = 0;
    while (given < stream.size && !conversation->is_over) {
        given += cuts_next(&cuts, stream.size - given);
        char *memory = malloc(given - read);
        if (memory == NULL)
            abort();
        memcpy(memory, stream.data + read, given - read);
        read = given - conversation_read(conversation, (struct bytes){memory, given - read});
        free(memory);
    }
    if (conversation->is_over || (read == given && !conversation->is_in_body))
        return;
    conversation_say(conversation, conversation->is_in_body || conversation->said.size == 0
                                       ? BYTES("...")
                                       : BYTES(" | ..."));
}

#endif
