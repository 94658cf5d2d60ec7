/* rows - tables of bytes and what a server makes of them; each row is played whole, byte by byte,
 * cut at every single place, and in random pieces that are the same in every run. */
#ifndef TOAD_TESTS_UNIT_HTTP_ROWS_H
#define TOAD_TESTS_UNIT_HTTP_ROWS_H

#include "conversation.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct row {
    const char *about;
    struct bytes sent;
    const char *said;
};

#define SENT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

/* The shortest good start of a request, to which a row adds what it is about. */
#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST / HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define END "\r\n"

enum {
    ROWS_BODY_MOST = 100, /* payload bytes */
    ROWS_SAID_MAX = 4096,
    ROWS_RANDOM_CUTS = 16 /* ways to cut a row in random pieces */
};

/* A refusal says in one sentence what is wrong. */
static bool has_unsaid_reason(const struct conversation *held)
{
    const char *reason = held->refusal.reason;
    return held->refusal.status != 0 && (reason == NULL || strlen(reason) < 10);
}

static bool row_holds(const struct row *row, struct cuts cuts, const char *way)
{
    static struct conversation conversation;
    char storage[ROWS_SAID_MAX];
    struct buffer said;
    buffer_init(&said, storage, sizeof storage);
    conversation_hold(&conversation, said, row->sent, cuts, ROWS_BODY_MOST);
    struct bytes text = buffer_view(&conversation.said);
    bool holds = bytes_equal(text, bytes_of(row->said)) && !conversation.is_stuck;
    cr_expect(holds, "%s (%s, first piece %zu): expected \"%s\", not \"%.*s\"%s%s", row->about, way,
              cuts.first, row->said, (int)text.size, text.data,
              conversation.refusal.reason == NULL ? "" : ": ",
              conversation.refusal.reason == NULL ? "" : conversation.refusal.reason);
    cr_expect(!has_unsaid_reason(&conversation), "%s: the refusal gives no reason", row->about);
    return holds;
}

static void check_row(const struct row *row)
{
    size_t size = row->sent.size;
    if (!row_holds(row, (struct cuts){.first = size}, "whole") ||
        !row_holds(row, (struct cuts){.first = 1, .rest = 1}, "byte by byte"))
        return;
    for (size_t cut = 1; cut < size; cut++)
        if (!row_holds(row, (struct cuts){.first = cut, .rest = size}, "cut once"))
            return;
    for (uint64_t seed = 1; seed <= ROWS_RANDOM_CUTS; seed++)
        if (!row_holds(row, (struct cuts){.seed = seed * size}, "cut at random"))
            return;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
    (void)printf("%zu rows\n", count);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
