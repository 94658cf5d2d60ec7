#include "worker/connection.h"

#include "sys/log.h"
#include "tls/tls_session.h"
#include "worker/conversation.h"
#include "worker/deadline.h"
#include "worker/handshake.h"
#include "worker/transport.h"
#include "worker/worker_process.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* While the application works, this much of what the client already sends is taken in. */
enum {
    EARLY_INPUT_MAX = 16384
};

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    struct connection *connection = io->data;
    worker_refresh_time(connection->worker);
    /* The loop could not watch it: nothing would ever wake it up. */
    if ((events & EV_ERROR) != 0) {
        log_write(LOG_LEVEL_ERROR, "A connection was dropped: the system cannot watch it");
        connection_close(connection);
        return;
    }
    connection_notice(connection, events);
}

struct connection *connection_open(struct toad_worker *worker, int fd,
                                   const struct sockaddr_storage *address,
                                   const struct tls_context *context)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        log_write(LOG_LEVEL_ERROR, "A connection was dropped: out of memory");
        (void)close(fd);
        return NULL;
    }
    connection->worker = worker;
    http_session_init(&connection->session, worker->now_us);
    connection->peer = peer_of(address);
    connection->context = context;
    if (context != NULL)
        http_session_await_handshake(&connection->session);
    ev_io_init(&connection->io, on_io, fd, EV_READ);
    deadline_init(connection);
    connection->io.data = connection;
    connection->next = worker->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    worker->connections = connection;
    worker->facts.connected++;
    return connection;
}

static void unlink_connection(struct connection *connection)
{
    struct toad_worker *worker = connection->worker;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        worker->connections = connection->next;
    worker->facts.connected--;
}

void connection_close(struct connection *connection)
{
    struct toad_worker *worker = connection->worker;
    if (worker->running == connection) {
        buffer_clear(&worker->scratch.buffer);
        worker->running = NULL;
    }
    ev_io_stop(worker->loop, &connection->io);
    deadline_clear(connection);
    turns_remove(connection);
    unlink_connection(connection);
    bool is_cut = connection->exchange != NULL && reply_needs_reset(connection->exchange);
    if (is_cut)
        transport_reset(connection->io.fd);
    if (connection->exchange != NULL)
        exchange_abort(connection->exchange);
    if (connection->websocket != NULL)
        websocket_lose(connection->websocket);
    /* What still waits is not the whole. */
    tls_session_close(connection->tls, !is_cut && !output_is_stalled(connection));
    input_clear(&connection->input);
    output_clear(connection);
    (void)close(connection->io.fd);
    free(connection);
    acceptor_resume(&worker->acceptor);
    worker_consider_going(worker);
}

void connection_make_runnable(struct connection *connection)
{
    turns_add_ready(&connection->worker->turns, connection);
}

void connection_wake(struct connection *connection)
{
    if (!connection->is_conversing)
        connection_make_runnable(connection);
}

bool connection_wants_input(const struct connection *connection)
{
    /* Who answers while the body arrives decides for itself how much of it to take. */
    bool is_held_up =
        output_is_stalled(connection) && connection->session.life != HTTP_LIFE_ANSWERING;
    if (connection->has_ended || is_held_up)
        return false;
    switch (connection->session.life) {
    case HTTP_LIFE_SHAKING:
        return !transport_wants_room(connection_transport(connection));
    case HTTP_LIFE_UPGRADED:
        return websocket_wants_input(connection->websocket);
    case HTTP_LIFE_IDLE:
    case HTTP_LIFE_HEAD:
    case HTTP_LIFE_LINGERING:
        return true;
    case HTTP_LIFE_BODY:
    case HTTP_LIFE_ANSWERING:
        return body_is_wanted(connection->exchange);
    case HTTP_LIFE_WORKING:
        return input_view(connection->input).size < EARLY_INPUT_MAX;
    case HTTP_LIFE_FINISHING:
    case HTTP_LIFE_CLOSED:
        return false;
    }
    return false;
}

bool connection_wants_output(const struct connection *connection)
{
    return output_is_stalled(connection) ||
           transport_wants_room(connection_transport(connection)) ||
           (connection->exchange != NULL && reply_wants_room(connection->exchange)) ||
           (connection->websocket != NULL && websocket_wants_room(connection->websocket));
}

static void update_watcher(struct connection *connection)
{
    struct ev_loop *loop = connection->worker->loop;
    int events = (connection_wants_input(connection) ? EV_READ : 0) |
                 (connection_wants_output(connection) ? EV_WRITE : 0);
    int present = ev_is_active(&connection->io) ? connection->io.events & (EV_READ | EV_WRITE) : 0;
    if (events == present)
        return;
    ev_io_stop(loop, &connection->io);
    ev_io_modify(&connection->io, events);
    if (events != 0)
        ev_io_start(loop, &connection->io);
}

/* Everything is with the kernel: what is the conversation to do? False if the connection is over.
 */
static bool take_note_of_flush(struct connection *connection)
{
    if (connection->websocket != NULL) {
        websocket_note_flush(connection->websocket);
        return true;
    }
    struct http_session *session = &connection->session;
    if (!session->is_stalled && session->life != HTTP_LIFE_FINISHING)
        return true;
    if (http_session_observe(session, HTTP_SESSION_FLUSHED, connection->worker->now_us) !=
        ERROR_NONE)
        return false;
    if (session->life != HTTP_LIFE_LINGERING)
        return true;
    if (connection->has_ended || (connection->client_closes && connection->input == NULL))
        return false;
    input_clear(&connection->input);
    transport_finish(connection->io.fd);
    connection->unconfirmed = SIZE_MAX;
    return true;
}

/* What waits is the last that is said. */
static bool says_no_more(const struct connection *connection)
{
    if (connection->websocket != NULL)
        return websocket_is_finishing(connection->websocket);
    return connection->session.life == HTTP_LIFE_FINISHING;
}

/* Sends what can be sent. False if the connection is over. */
static bool flush(struct connection *connection)
{
    size_t waiting = output_waiting(connection);
    enum error error = output_flush(connection);
    if (error == ERROR_NONE && says_no_more(connection))
        error = transport_end(connection_transport(connection));
    if (error == ERROR_AGAIN) {
        /* A client that takes its answer, however slowly, is not silent. */
        if (output_waiting(connection) < waiting)
            deadline_note_movement(connection);
        if (connection->websocket != NULL)
            websocket_note_stall(connection->websocket);
        else
            http_session_stall(&connection->session, connection->worker->now_us);
        return true;
    }
    return error == ERROR_NONE && take_note_of_flush(connection);
}

/* Something waits for its turn to be said; true if something may be there to be sent. */
static bool advance(struct connection *connection)
{
    if (connection->websocket != NULL)
        return websocket_advance(connection->websocket);
    return connection->exchange != NULL && reply_advance(connection->exchange);
}

/* The same, and lets an answer go on that comes in parts. */
static bool deliver(struct connection *connection)
{
    if (!flush(connection))
        return false;
    if (!advance(connection))
        return true;
    return !connection->is_lost && flush(connection);
}

static bool is_finished(const struct connection *connection)
{
    enum http_life life = connection->session.life;
    if (connection->is_lost || life == HTTP_LIFE_CLOSED)
        return true;
    /* A client that has ended gets its answer, and nothing else can come from it. */
    bool waits = life == HTTP_LIFE_UPGRADED || life == HTTP_LIFE_IDLE || life == HTTP_LIFE_HEAD ||
                 life == HTTP_LIFE_LINGERING;
    return connection->has_ended && waits && !output_is_stalled(connection);
}

static void receive(struct connection *connection)
{
    struct toad_worker *worker = connection->worker;
    size_t size = 0;
    enum error error =
        transport_read(connection_transport(connection), worker->input, READ_SIZE_MAX, &size);
    if (error == ERROR_CLOSED) {
        connection->has_ended = true;
        conversation_receive(connection, (struct bytes){NULL, 0});
    } else if (error == ERROR_SYSTEM) {
        connection->is_lost = true;
    } else if (error == ERROR_NONE && connection->session.life != HTTP_LIFE_LINGERING) {
        conversation_receive(connection, (struct bytes){worker->input, size});
    }
}

/* TLS reads records, and may hold more than was asked for, or have to write before it can read. */
static bool can_be_read(const struct connection *connection, int events)
{
    struct transport transport = connection_transport(connection);
    return (events & EV_READ) != 0 || transport_has_input(transport) ||
           ((events & EV_WRITE) != 0 && transport_wants_room(transport));
}

static void take_turn(struct connection *connection, int events)
{
    if (connection->session.life == HTTP_LIFE_SHAKING && !handshake_advance(connection))
        return;
    if (can_be_read(connection, events) && connection_wants_input(connection))
        receive(connection);
    else if (events == 0)
        conversation_receive(connection, (struct bytes){NULL, 0});
}

void connection_notice(struct connection *connection, int events)
{
    if (connection->session.life == HTTP_LIFE_SHAKING)
        turns_add_shaking(&connection->worker->turns, connection);
    else
        (void)connection_turn(connection, events);
}

bool connection_turn(struct connection *connection, int events)
{
    struct toad_worker *worker = connection->worker;
    worker->running = connection;
    take_turn(connection, events);
    bool goes_on = !connection->is_lost && deliver(connection);
    /* What a client that read too slowly held up is taken up again. */
    while (goes_on && connection->is_held_up && !output_is_stalled(connection)) {
        conversation_receive(connection, (struct bytes){NULL, 0});
        goes_on = !connection->is_lost && deliver(connection);
    }
    if (!goes_on || is_finished(connection)) {
        connection_close(connection);
        return false;
    }
    update_watcher(connection);
    deadline_renew(connection);
    if (transport_has_input(connection_transport(connection)) && connection_wants_input(connection))
        connection_make_runnable(connection);
    /* What is left there would go to another client. */
    assert(worker->scratch.buffer.size == 0);
    worker->running = NULL;
    return true;
}
