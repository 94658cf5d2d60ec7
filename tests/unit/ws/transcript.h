/* transcript - what a session makes of a stream of bytes, written down as a line of text.
 *
 * Plays the part of a connection. The stream is handed over in pieces, each in memory of exactly
 * its size, so that a sanitizer sees a byte read beyond it and a view kept too long.
 *
 * Events with ` | ` between them, what is answered behind ` > ` in the notation of frames:
 *     TEXT Hello | PING x > pong:x | CLOSE 1000 bye > close:1000 | FAILED 1002 > close:1002 */
#ifndef TOAD_TESTS_UNIT_WS_TRANSCRIPT_H
#define TOAD_TESTS_UNIT_WS_TRANSCRIPT_H

#include "notation.h"
#include "ws/ws_session.h"

/* The first piece, then pieces of `rest` bytes, or of random sizes by `seed`. */
struct cuts {
    size_t first;
    size_t rest;
    uint64_t seed;
};

/* What the room has taken of the memory that it was offered. */
struct heap {
    size_t blocks;
    size_t calls_left; /* then there is none */
};

static struct heap heap = {.calls_left = SIZE_MAX};

static inline void *heap_resize(void *memory, size_t size)
{
    if (size == 0) {
        heap.blocks -= memory != NULL;
        free(memory);
        return NULL;
    }
    if (heap.calls_left == 0)
        return NULL;
    heap.calls_left -= heap.calls_left != SIZE_MAX;
    void *grown = realloc(memory, size);
    heap.blocks += memory == NULL && grown != NULL;
    return grown;
}

static const struct ws_deflate_terms not_agreed;

static inline void transcript_say_event(const struct ws_event *event, struct buffer *said)
{
    static const char *const names[] = {"TEXT", "BINARY", "PING", "PONG", "CLOSE", "FAILED"};
    notation_must(
        buffer_append_format(said, "%s%s ", said->size > 0 ? " | " : "", names[event->kind]));
    if (event->kind == WS_EVENT_CLOSE || event->kind == WS_EVENT_FAILED)
        notation_must(buffer_append_format(said, "%u ", event->code));
    if (event->kind != WS_EVENT_FAILED)
        notation_say_bytes(event->bytes, said);
    while (said->size > 0 && said->data[said->size - 1] == ' ')
        said->size--;
    if (event->answer.size == 0)
        return;
    notation_must(buffer_append(said, BYTES(" > ")));
    struct bytes answer = {event->answer.data, event->answer.size};
    notation_must(notation_say_frame(answer, said) == answer.size);
}

static inline size_t cuts_next(struct cuts *cuts, size_t left)
{
    size_t size = cuts->first;
    cuts->first = cuts->rest;
    if (cuts->seed != 0) {
        cuts->seed = cuts->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size = 1 + (cuts->seed >> 33) % ((cuts->seed >> 60) < 8 ? 4 : 512);
    }
    return size < left ? size : left;
}

/* Takes all events of one piece; the event starts as garbage. */
static inline void transcript_take(struct ws_session *session, struct bytes piece,
                                   struct buffer *said)
{
    struct ws_event event;
    memset(&event, 0xa5, sizeof event);
    while (ws_session_receive(session, &piece, 1, &event))
        transcript_say_event(&event, said);
    notation_must(piece.size == 0);
}

/* Hands the stream over as it is cut. */
static inline void transcript_feed(struct ws_session *session, struct bytes stream,
                                   struct cuts cuts, struct buffer *said)
{
    while (stream.size > 0) {
        size_t size = cuts_next(&cuts, stream.size);
        char *memory = malloc(size);
        notation_must(memory != NULL);
        memcpy(memory, stream.data, size);
        transcript_take(session, (struct bytes){memory, size}, said);
        free(memory);
        stream = bytes_from(stream, size);
    }
}

/* A whole life: everything is given back at its end. */
static inline void transcript_play(struct bytes stream, struct cuts cuts,
                                   const struct ws_deflate_terms *terms, uint64_t message_most,
                                   struct buffer *said)
{
    static struct ws_shared shared;
    struct ws_session session;
    ws_shared_init(&shared, heap_resize);
    ws_session_init(&session, &shared, terms, message_most, 0);
    transcript_feed(&session, stream, cuts, said);
    ws_session_clear(&session);
    ws_shared_clear(&shared);
    notation_must(heap.blocks == 0);
}

#endif
