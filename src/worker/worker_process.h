/* worker_process - the state of one worker process. Private to the room. */
#ifndef TOAD_WORKER_WORKER_PROCESS_H
#define TOAD_WORKER_WORKER_PROCESS_H

#include "http/http_writer.h"
#include "worker/access_log.h"
#include "worker/acceptor.h"
#include "worker/connection.h"
#include "worker/exchange.h"
#include "worker/exchange_pool.h"
#include "worker/output.h"
#include "worker/turns.h"
#include "worker/websocket.h"
#include "worker/worker.h"

#include <ev.h>

struct toad_worker {
    const struct worker_settings *settings; /* borrowed */
    struct ev_loop *loop;
    struct acceptor acceptor;
    struct admission_facts facts;
    uint64_t requests;
    int64_t now_us; /* monotonic time of the present turn of the loop */
    void *app_state;

    int heartbeat_fd;
    int life_fd;
    int gate_fd;
    ev_timer heartbeat;
    ev_io life;
    ev_io gate;
    ev_signal quit;
    ev_signal reopen;
    ev_prepare deliver; /* writes what the turns have logged */

    struct connection *connections; /* all that are open */
    struct turns turns;
    struct connection *running; /* whose turn it is; owns `scratch` */
    struct exchange_pool exchanges;
    struct output_scratch scratch;
    struct access_log access_log;
    struct ws_shared websockets;
    int64_t websockets_end_us; /* when the last one gets its 1001; of a worker that leaves */
    char *input;               /* READ_SIZE_MAX bytes that one turn reads into */

    int64_t date_s; /* the second that `date` shows */
    char date[HTTP_DATE_SIZE];
};

/* Reads the clock; called once at the beginning of whatever an event leads to. */
void worker_refresh_time(struct toad_worker *worker);

/* Stops accepting, tells the manager and the application, and ends the loop once nobody is
 * connected (promise WRK-2). */
void worker_leave(struct toad_worker *worker);

/* Ends the loop if the worker has left; called when a connection has closed. */
void worker_consider_going(struct toad_worker *worker);

/* The Date field's value for now (RFC 9110 6.6.1). */
struct bytes worker_date(struct toad_worker *worker);

#endif
