/* answers - an independent look at what a server sent on one connection.
 *
 * Knows nothing of the server's own code but its views of bytes. Every answer must be well-formed
 * (RFC 9110, RFC 9112), stand where its request stood, and say so when it is the last one. What is
 * wrong ends the process, with the bytes on standard error. */
#ifndef TOAD_TESTS_FUZZ_ANSWERS_H
#define TOAD_TESTS_FUZZ_ANSWERS_H

#include "base/buffer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request that the application was asked. */
struct asked {
    bool is_head;
    bool is_old;       /* HTTP/1.0 */
    bool expects;      /* 100 Continue */
    bool is_answered;  /* by the application, or for its mistake */
    bool is_cut;       /* the connection ends within its answer */
    bool is_early;     /* it was answered, or may have been, before its body was there */
    unsigned interims; /* how many 100 Continue came */
};

struct answers {
    struct bytes output; /* all of it, borrowed */
    struct bytes rest;   /* what has not been looked at */
    struct buffer said;  /* the final answers without their dates; the storage is the caller's */
    struct asked *asked; /* borrowed, in their order */
    size_t asked_count;
    size_t count;  /* final answers */
    bool is_last;  /* the last one said `Connection: close` */
    bool has_head; /* somebody asked with HEAD, perhaps in a head that cannot be read */
};

/* What the head of an answer says of its body and of the connection. */
struct answer_head {
    unsigned status;
    uint64_t length;
    unsigned dates;
    unsigned lengths;
    unsigned codings;
    bool closes;
};

_Noreturn static void answers_fail(const struct answers *answers, const char *what)
{
    (void)fprintf(stderr, "%s; answer %zu, %zu requests, byte %zu of\n%.*s\n", what,
                  answers->count + 1, answers->asked_count,
                  answers->output.size - answers->rest.size, (int)answers->output.size,
                  answers->output.data);
    abort();
}

static void answers_demand(const struct answers *answers, bool holds, const char *what)
{
    if (!holds)
        answers_fail(answers, what);
}

static struct bytes answers_take(struct answers *answers, size_t size)
{
    answers_demand(answers, size <= answers->rest.size, "It is cut off");
    struct bytes taken = bytes_first(answers->rest, size);
    answers->rest = bytes_from(answers->rest, size);
    return taken;
}

/* A line without its CRLF; no other control byte but TAB is in it (RFC 9112 2.2, 5). */
static struct bytes answers_take_line(struct answers *answers)
{
    size_t end = bytes_find(answers->rest, '\r');
    struct bytes line = answers_take(answers, end);
    for (size_t i = 0; i < line.size; i++)
        answers_demand(answers, !iscntrl((unsigned char)line.data[i]) || line.data[i] == '\t',
                       "A line has a control byte");
    answers_demand(answers, bytes_equal(answers_take(answers, 2), BYTES("\r\n")),
                   "A line does not end in CRLF");
    return line;
}

static void answers_say(struct answers *answers, struct bytes text)
{
    answers_demand(answers, buffer_append(&answers->said, text), "There is too much of it");
}

/* `pattern`: 0 for a digit, A for a letter, everything else is itself. */
static bool answers_fit(struct bytes text, const char *pattern)
{
    if (text.size != strlen(pattern))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool fits = pattern[i] == '0'   ? isdigit(byte) != 0
                    : pattern[i] == 'A' ? isalpha(byte) != 0
                                        : byte == (unsigned char)pattern[i];
        if (!fits)
            return false;
    }
    return true;
}

/* RFC 9112 4 */
static unsigned answers_take_status(struct answers *answers)
{
    struct bytes line = answers_take_line(answers);
    answers_demand(answers, line.size >= 13 && answers_fit(bytes_first(line, 13), "HTTP/1.1 000 "),
                   "This is no status line");
    if (line.data[9] != '1')
        answers_say(answers, line);
    return (unsigned)atoi(line.data + 9);
}

static bool answers_is_token(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!isalnum((unsigned char)name.data[i]) &&
            (name.data[i] == '\0' || strchr("!#$%&'*+-.^_`|~", name.data[i]) == NULL))
            return false;
    return name.size > 0;
}

static void answers_note_field(struct answers *answers, struct answer_head *head, struct bytes name,
                               struct bytes value)
{
    if (bytes_equal_ignoring_case(name, BYTES("Date"))) {
        head->dates++;
        answers_demand(answers, answers_fit(value, "AAA, 00 AAA 0000 00:00:00 GMT"),
                       "The date has another form"); /* RFC 9110 5.6.7 */
    } else {
        answers_say(answers, value);
    }
    if (bytes_equal_ignoring_case(name, BYTES("Content-Length"))) {
        head->lengths++;
        answers_demand(answers, bytes_to_number(value, UINT32_MAX, &head->length),
                       "The length is no number");
    } else if (bytes_equal_ignoring_case(name, BYTES("Transfer-Encoding"))) {
        head->codings++;
        answers_demand(answers, bytes_equal(value, BYTES("chunked")), "Nobody knows this coding");
    } else if (bytes_equal_ignoring_case(name, BYTES("Connection"))) {
        head->closes = bytes_equal(value, BYTES("close"));
        answers_demand(answers, head->closes || bytes_equal(value, BYTES("keep-alive")),
                       "Nobody knows this connection option");
    }
}

static struct answer_head answers_take_head(struct answers *answers)
{
    struct answer_head head = {.status = answers_take_status(answers)};
    for (;;) {
        struct bytes line = answers_take_line(answers);
        if (line.size == 0)
            return head;
        size_t colon = bytes_find(line, ':');
        struct bytes name = bytes_first(line, colon);
        answers_demand(answers, colon < line.size && answers_is_token(name), "This is no field");
        if (head.status >= 200) {
            answers_say(answers, BYTES("\n"));
            answers_say(answers, name);
        }
        answers_note_field(answers, &head, name, bytes_trim(bytes_from(line, colon + 1)));
    }
}

/* RFC 9112 7.1; trailers are said, too. */
static void answers_take_chunks(struct answers *answers)
{
    for (;;) {
        struct bytes line = answers_take_line(answers);
        answers_demand(answers, line.size > 0 && line.size < 9, "This is no size of a chunk");
        size_t size = 0;
        for (size_t i = 0; i < line.size; i++) {
            int digit = isdigit((unsigned char)line.data[i]) ? line.data[i] - '0'
                                                             : tolower(line.data[i]) - 'a' + 10;
            answers_demand(answers, digit >= 0 && digit < 16, "This is no size of a chunk");
            size = size * 16 + (size_t)digit;
        }
        if (size == 0)
            break;
        answers_say(answers, answers_take(answers, size));
        answers_demand(answers, answers_take_line(answers).size == 0, "A chunk is too long");
    }
    for (struct bytes line = {"", 1}; line.size > 0;) {
        line = answers_take_line(answers);
        answers_say(answers, line);
    }
}

/* Content of the application begins with the number of its request. */
static void answers_check_number(const struct answers *answers, struct bytes content)
{
    char number[32];
    (void)snprintf(number, sizeof number, "#%zu ", answers->count + 1);
    answers_demand(answers, bytes_start_with(content, bytes_of(number)),
                   "This is another request's answer");
}

/* RFC 9112 6.3; for HTTP/1.0 the end of the connection may be the end of the body. */
static void answers_take_body(struct answers *answers, const struct answer_head *head,
                              const struct asked *asked)
{
    bool is_head = asked != NULL ? asked->is_head : answers->has_head && answers->rest.size == 0;
    bool is_bare = head->status == 204 || head->status == 304 || is_head;
    answers_say(answers, BYTES("\n\n"));
    answers_demand(answers, head->lengths + head->codings <= 1, "The body has two lengths");
    answers_demand(answers, head->status != 204 || head->lengths + head->codings == 0,
                   "A 204 has a length"); /* RFC 9110 8.6, RFC 9112 6.1 */
    answers_demand(answers, head->codings == 0 || asked == NULL || !asked->is_old,
                   "HTTP/1.0 has no chunks");
    if (is_bare)
        return;
    size_t said = answers->said.size;
    if (head->codings > 0) {
        answers_take_chunks(answers);
    } else if (head->lengths > 0) {
        answers_say(answers, answers_take(answers, head->length));
    } else {
        answers_demand(answers, head->closes, "The body has no end");
        answers_say(answers, answers_take(answers, answers->rest.size));
    }
    if (head->status == 200)
        answers_check_number(answers, bytes_from(buffer_view(&answers->said), said));
}

/* 100 Continue for a request that expects it and has no answer yet, once (RFC 9110 15.2, 10.1.1).
 */
static void answers_note_interim(struct answers *answers, const struct answer_head *head)
{
    answers_demand(answers, head->status == 100, "This interim answer is never sent");
    answers_demand(answers, answers->count < answers->asked_count, "Nobody waits for 100 Continue");
    struct asked *asked = &answers->asked[answers->count];
    answers_demand(answers, asked->expects && !asked->is_old, "Nobody expects 100 Continue");
    answers_demand(answers, ++asked->interims == 1, "100 Continue comes twice");
}

static void answers_take_one(struct answers *answers)
{
    struct answer_head head = answers_take_head(answers);
    if (head.status < 200) {
        answers_note_interim(answers, &head);
        return;
    }
    const struct asked *asked =
        answers->count < answers->asked_count ? &answers->asked[answers->count] : NULL;
    answers_demand(answers, head.dates == 1, "It has not one date"); /* RFC 9110 6.6.1 */
    answers_take_body(answers, &head, asked);
    bool is_refusal = asked == NULL || !asked->is_answered;
    answers_demand(answers, !is_refusal || (head.status >= 400 && head.closes),
                   "The server answers for itself and goes on"); /* Promise CON-5 */
    answers_say(answers, BYTES("\n\n"));
    answers->is_last = head.closes;
    answers->count++;
}

/* What is cut says nothing of its end. */
static bool answers_is_cut(const struct answers *answers)
{
    return answers->count < answers->asked_count && answers->asked[answers->count].is_cut;
}

/* Looks at all of the output. `has_ended`: the server closed first. */
static inline void answers_read(struct answers *answers, bool has_ended)
{
    answers->rest = answers->output;
    while (answers->rest.size > 0) {
        answers_demand(answers, !answers->is_last, "Something comes behind the last answer");
        if (answers_is_cut(answers))
            return;
        answers_take_one(answers);
    }
    answers_demand(answers, answers->count <= answers->asked_count + 1,
                   "There are more answers than requests");
    for (size_t i = 0; i < answers->asked_count; i++)
        answers_demand(answers, !answers->asked[i].is_answered || i < answers->count,
                       "An answer is missing");
    answers_demand(answers, has_ended == answers->is_last,
                   has_ended ? "It closed without saying so" : "It said close and did not");
}

#endif
