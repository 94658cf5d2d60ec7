/* reply - where the answer to a request stands, and what all kinds of answers have in common. */
#ifndef TOAD_WORKER_REPLY_H
#define TOAD_WORKER_REPLY_H

#include "http/http_writer.h"
#include "worker/body.h"
#include "worker/reply_fields.h"

struct connection;

enum reply_phase {
    REPLY_AWAITED,  /* the application has not answered yet */
    REPLY_IN_PARTS, /* it has begun */
    REPLY_FILE,     /* it has said all, and a file is on its way */
    REPLY_OVER,     /* complete, or given up */
};

struct reply {
    enum reply_phase phase;
    uint16_t status;
    enum http_reply_body body;
    bool is_bare;    /* a head alone */
    bool is_short;   /* toad_write() took less than it was given */
    bool is_overrun; /* it was given more than was announced, and that has been logged */
    uint64_t size;   /* that was announced */
    uint64_t written;
    size_t queued; /* bytes that may still wait for the client */
    request_callback *on_writable;
    const char *lines; /* fields of the host's own, each with CRLF; static, NULL: none */
    struct reply_fields fields;
    struct reply_fields trailers;
    int file_fd; /* in phase FILE */
    uint64_t file_offset;
};

/* The application may answer: false, and a line in the log where it is wrong, if it may not. */
bool reply_may_begin(const struct toad_request *request);

/* What the application says about its answer can be sent. If not, a 500 was. */
bool reply_is_acceptable(struct toad_request *request, int status, struct bytes type);

/* Decides whether the connection goes on and sends the head. `reads_on`: the body of the request,
 * which is not complete, is read further. */
void reply_send_head(struct toad_request *request, uint16_t status, struct bytes type,
                     enum http_reply_body body, uint64_t size, bool reads_on);

/* All of the answer, whose body has this size, was handed on: the request is over. */
void reply_complete(struct toad_request *request, uint64_t size);

/* What has begun cannot be completed: the connection is cut. */
void reply_cut(struct toad_request *request);

/* The connection is given up. */
void reply_give_up(struct toad_request *request);

/* Only a reset tells the client that this answer, which ends with the connection, is not complete.
 */
bool reply_needs_reset(const struct toad_request *request);

/* Goes on where that is possible now. True if something may be there to be sent. */
bool reply_advance(struct toad_request *request);

/* It would go on if the client took something. */
bool reply_wants_room(const struct toad_request *request);

/* Writes the line of the access log; `request` is a null pointer if there was none that could be
 * read. */
void reply_note_access(const struct connection *connection, const struct toad_request *request,
                       uint16_t status, uint64_t size);

#endif
