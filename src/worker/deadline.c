#include "worker/deadline.h"

#include "worker/connection.h"
#include "worker/conversation.h"
#include "worker/transport.h"
#include "worker/worker_process.h"

/* How often within inactivity_timeout a client is looked at that takes its answer slowly. */
enum {
    LOOKS_PER_TIMEOUT = 4
};

void deadline_note_movement(struct connection *connection)
{
    if (connection->websocket != NULL)
        websocket_note_movement(connection->websocket);
    else
        conversation_observe(connection, HTTP_SESSION_MOVED);
}

/* Promise CON-3: the kernel asks for more only when a good part of what it holds has gone, and a
 * client that takes less in all that time is not silent. */
static void look_at_client(struct connection *connection)
{
    size_t before = connection->unconfirmed;
    connection->unconfirmed = transport_unconfirmed(connection->io.fd);
    if (connection->unconfirmed < before)
        deadline_note_movement(connection);
}

static int64_t deadline_of(const struct connection *connection)
{
    if (connection->websocket != NULL)
        return websocket_deadline(connection->websocket);
    return http_session_deadline(&connection->session, &connection->worker->settings->session);
}

/* When the timer is due: at the deadline, or before it to look at the client. */
static int64_t next_time(const struct connection *connection)
{
    const struct toad_worker *worker = connection->worker;
    int64_t timeout_us = connection->websocket != NULL
                             ? worker->settings->websocket.websocket_timeout_us
                             : worker->settings->session.inactivity_timeout_us;
    int64_t deadline_us = deadline_of(connection);
    if (deadline_us == NEVER_US || timeout_us == 0 || !connection_wants_output(connection))
        return deadline_us;
    int64_t look_us = worker->now_us + timeout_us / LOOKS_PER_TIMEOUT;
    return look_us < deadline_us ? look_us : deadline_us;
}

/* The timer is only moved when the deadline comes earlier; a timer that fires too early is set anew
 * then. */
static void update_timer(struct connection *connection)
{
    struct toad_worker *worker = connection->worker;
    int64_t deadline_us = next_time(connection);
    bool is_active = ev_is_active(&connection->timer);
    if (deadline_us == NEVER_US) {
        ev_timer_stop(worker->loop, &connection->timer);
        return;
    }
    if (is_active && connection->timer_us <= deadline_us)
        return;
    int64_t wait_us = deadline_us > worker->now_us ? deadline_us - worker->now_us : 0;
    ev_timer_stop(worker->loop, &connection->timer);
    ev_timer_set(&connection->timer, (double)wait_us / (double)SECOND_US, 0.);
    ev_timer_start(worker->loop, &connection->timer);
    connection->timer_us = deadline_us;
}

/* A close resets a connection on which the client still sends, and the reset would take away what
 * it has not got of its answer: as long as it takes that, however slowly, there is no end. */
static bool is_still_taken(struct connection *connection)
{
    const struct toad_worker *worker = connection->worker;
    if (connection->session.life != HTTP_LIFE_LINGERING)
        return false;
    size_t before = connection->unconfirmed;
    connection->unconfirmed = transport_unconfirmed(connection->io.fd);
    if (connection->unconfirmed == 0)
        return false;
    if (connection->unconfirmed < before)
        conversation_observe(connection, HTTP_SESSION_MOVED);
    int64_t silent_us = worker->now_us - connection->session.moved_us;
    int64_t most_us = worker->settings->session.inactivity_timeout_us;
    return most_us == 0 || silent_us < most_us;
}

static bool is_due(const struct connection *connection)
{
    return deadline_of(connection) <= connection->worker->now_us;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct connection *connection = timer->data;
    struct toad_worker *worker = connection->worker;
    worker_refresh_time(worker);
    if (connection_wants_output(connection))
        look_at_client(connection);
    /* Promises CON-2, CON-3: what came while the worker was held up came in time. */
    if (is_due(connection) && connection_wants_input(connection) &&
        !connection_turn(connection, EV_READ))
        return;
    if (!is_due(connection)) {
        update_timer(connection);
        return;
    }
    if (is_still_taken(connection)) {
        http_session_linger(&connection->session, worker->now_us);
        update_timer(connection);
        return;
    }
    worker->running = connection;
    conversation_time_out(connection);
    if (connection->session.life == HTTP_LIFE_CLOSED) {
        connection_close(connection);
        return;
    }
    (void)connection_turn(connection, EV_WRITE);
}

void deadline_init(struct connection *connection)
{
    ev_timer_init(&connection->timer, on_timer, 0., 0.);
    connection->timer.data = connection;
}

void deadline_renew(struct connection *connection)
{
    if (connection_wants_output(connection))
        connection->unconfirmed = transport_unconfirmed(connection->io.fd);
    update_timer(connection);
}

void deadline_clear(struct connection *connection)
{
    ev_timer_stop(connection->worker->loop, &connection->timer);
}
