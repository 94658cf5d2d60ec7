/* websocket - one WebSocket connection: the toad_websocket that the application sees, between the
 * connection that moves its bytes and the session that understands them.
 *
 * It belongs to its connection and ends with it. An idle one costs its struct and the request that
 * opened it, 1.5 KB together with the connection where the head is short; there are no buffers. */
#ifndef TOAD_WORKER_WEBSOCKET_H
#define TOAD_WORKER_WEBSOCKET_H

#include "hypnotoad.h"
#include "ws/ws_session.h"

struct connection;

struct toad_websocket {
    struct connection *connection; /* NULL: it is gone */
    struct toad_worker *worker;    /* borrowed */
    struct toad_request *request;  /* which opened it */
    struct toad_ws_callbacks callbacks;
    void *data;
    size_t queued;    /* bytes that may still wait for the client */
    int64_t leave_us; /* when it gets its 1001 because the worker leaves; NEVER_US: it does not */
    bool is_drained;  /* the application knows that the worker leaves */
    bool is_short;    /* toad_ws_send() took nothing for want of room */
    struct ws_session session;
};

/* The part that all of a worker share. */
void websockets_init(struct toad_worker *worker);

/* The worker leaves: each is told in its next turn, and closed with 1001 in time, one after the
 * other (promise WRK-5). */
void websockets_drain(struct toad_worker *worker);

/* The answer 101 has been sent to this request, whose connection speaks WebSocket from now on. */
void websocket_begin(struct toad_websocket *ws, struct toad_request *request,
                     const struct ws_deflate_terms *terms);

/* Uses `input` until a client that reads too slowly holds it up. */
void websocket_receive(struct toad_websocket *ws, struct bytes *input);

/* Calls back what is due in each turn. True if something may be there to be sent. */
bool websocket_advance(struct toad_websocket *ws);

bool websocket_wants_input(const struct toad_websocket *ws);
bool websocket_wants_room(const struct toad_websocket *ws);

/* What waits to be sent ends with the close frame. */
bool websocket_is_finishing(const struct toad_websocket *ws);

/* The kernel has taken some bytes; all of them; not all of them. */
void websocket_note_movement(struct toad_websocket *ws);
void websocket_note_flush(struct toad_websocket *ws);
void websocket_note_stall(struct toad_websocket *ws);

/* When websocket_time_out() is due; NEVER_US if it is not. */
int64_t websocket_deadline(const struct toad_websocket *ws);
void websocket_time_out(struct toad_websocket *ws);

/* Sends a control frame; one of size 0 is none. */
void websocket_send_control(struct toad_websocket *ws, const struct ws_control *control);

/* What was said outside of the connection's own turn goes out in one. */
void websocket_wake(struct toad_websocket *ws);

/* The connection is gone: the application is told unless it knows, and nothing is left. */
void websocket_lose(struct toad_websocket *ws);

#endif
