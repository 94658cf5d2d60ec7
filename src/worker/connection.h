/* connection - one client: its descriptor, its conversation, its one timer.
 *
 * A turn is everything that one event leads to: bytes are read once, all that they ask for is
 * answered, and the answers go out in one write. An idle connection holds neither buffers nor a
 * request. */
#ifndef TOAD_WORKER_CONNECTION_H
#define TOAD_WORKER_CONNECTION_H

#include "http/http_session.h"
#include "worker/input.h"
#include "worker/output.h"
#include "worker/peer.h"
#include "worker/transport.h"

#include <ev.h>
#include <stdbool.h>

struct toad_worker;
struct toad_request;
struct toad_websocket;
struct tls_context;
struct turn_queue;

struct connection {
    ev_io io;
    ev_timer timer;
    int64_t timer_us;           /* when the timer is due */
    struct toad_worker *worker; /* borrowed */
    struct connection *next;
    struct connection *previous;
    struct turn_queue *queue; /* where it waits for its turn; NULL: nowhere */
    struct connection *next_in_queue;
    struct http_session session;
    struct input *input;               /* NULL: nothing waits to be used */
    struct output *output;             /* NULL: nothing waits to be sent */
    struct toad_request *exchange;     /* the request under way; NULL: none */
    struct toad_websocket *websocket;  /* NULL: the connection speaks HTTP */
    const struct tls_context *context; /* of the listener; borrowed; NULL: without TLS */
    struct tls_session *tls;           /* NULL: none, or not begun yet */
    struct peer peer;
    size_t unconfirmed; /* bytes that were sent and that the client lacked at the last look */
    bool has_ended;     /* the client sends nothing more */
    bool is_lost;       /* broken: to be closed at the end of the turn */
    bool is_conversing; /* its input is being used */
    bool asks_for_head; /* what was refused before it became a request began with HEAD */
    bool is_held_up;    /* has input that waits until the client has taken its answers */
    bool client_closes; /* the client itself asked for the end: it will send nothing more */
};

/* Takes over the descriptor; it is closed when there is no memory. NULL then. With a context the
 * client must speak TLS. */
struct connection *connection_open(struct toad_worker *worker, int fd,
                                   const struct sockaddr_storage *address,
                                   const struct tls_context *context);

/* Something has happened at its socket: it has its turn now, or, while it shakes hands, when it
 * comes to that. */
void connection_notice(struct connection *connection, int events);

/* One turn: `events` are libev's, 0 for a turn without I/O. False: the connection is gone. */
bool connection_turn(struct connection *connection, int events);

/* What it waits for at its socket. */
bool connection_wants_input(const struct connection *connection);
bool connection_wants_output(const struct connection *connection);

/* How its bytes move now. */
static inline struct transport connection_transport(const struct connection *connection)
{
    return (struct transport){connection->io.fd, connection->tls};
}

/* Gives it a turn before the loop waits again. */
void connection_make_runnable(struct connection *connection);

/* The same, unless what it holds is being used just now: there is something new to be done with it.
 */
void connection_wake(struct connection *connection);

/* Ends it at once; a request under way is aborted. */
void connection_close(struct connection *connection);

#endif
