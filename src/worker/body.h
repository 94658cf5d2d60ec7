/* body - the body of a request on its way to the application, whole or in parts.
 *
 * What nobody has asked for, or what was paused, is not read: it stays with the client. */
#ifndef TOAD_WORKER_BODY_H
#define TOAD_WORKER_BODY_H

#include "base/bytes.h"
#include "hypnotoad.h"

struct connection;

typedef void body_callback(void *state, struct toad_request *request, struct toad_text body);
typedef void request_callback(void *state, struct toad_request *request);

struct body {
    char *data; /* what is kept: a whole body; the pool keeps the memory for the next request */
    size_t size;
    size_t capacity;
    uint64_t seen; /* bytes that were read */
    uint64_t most; /* 413 beyond */
    body_callback *on_whole;
    body_callback *on_part;
    request_callback *on_end;
    bool is_asked;
    bool is_read; /* to its end */
    bool is_told; /* the application has all of it */
    bool is_paused;
    bool is_too_large; /* known when it was asked for */
};

/* For a new request, whose head has been read. */
void body_init(struct toad_request *request);

/* Gives back memory that is too large to be kept. */
void body_release(struct body *body);

/* The whole body is in front of `input`, so that it can be had without waiting. */
bool body_is_at_hand(const struct toad_request *request, struct bytes input);

/* Reads and keeps a body that is at hand. False if the request was refused. */
bool body_read_ahead(struct toad_request *request, struct bytes *input);

/* The application asked for it, and has not got all of it. */
bool body_is_awaited(const struct toad_request *request);

/* Bytes of it would be taken now. */
bool body_is_wanted(const struct toad_request *request);

/* Hands over what there is, and what `input` has. False if nothing more can be done now. The
 * request may be gone afterwards. */
bool body_advance(struct toad_request *request, struct bytes *input);

#endif
