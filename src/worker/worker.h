/* worker - the process that serves: accept, converse, deliver, on one event loop. */
#ifndef TOAD_WORKER_WORKER_H
#define TOAD_WORKER_WORKER_H

#include "base/limits.h"
#include "http/http_forwarded.h"
#include "http/http_session.h"
#include "hypnotoad.h"
#include "policy/admission.h"
#include "sys/privileges.h"
#include "ws/ws_extension.h"
#include "ws/ws_life.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_context;

struct worker_listener {
    int fd;
    bool accepts_one;                  /* one connection at a time (promise LSN-6) */
    const struct tls_context *context; /* borrowed; NULL: without TLS */
};

struct worker_settings {
    struct admission_limits limits;
    struct http_session_settings session;
    int64_t heartbeat_interval_us;
    int64_t graceful_timeout_us; /* how long it may leave when the manager is gone */
    uint64_t message_max_bytes;
    struct ws_life_settings websocket;
    struct ws_extension_settings websocket_extension;
    uint64_t websocket_max_bytes;
    struct http_trust trust; /* in reverse proxies */
    struct privileges privileges;
    const struct toad_app
        *app;       /* borrowed; complete: members that the application lacks are NULL */
    void *app_data; /* what the application's init gave; borrowed */
    const char *access_log_path; /* borrowed; NULL: none is kept */
    bool access_log_is_json;
    int64_t started_us; /* when the manager of this generation started */
    unsigned generation;
    bool is_detached; /* the standard streams go to the null device, standard error to the log,
                         before it serves */
    int lock_fd;      /* the accept mutex, as the manager opened it */
    size_t listener_count;
    struct worker_listener listeners[LISTENERS_MAX];
};

/* Serves until it has left; gives the exit status of the process. Writes heartbeats to
 * `heartbeat_fd`; accepts nothing before `gate_fd` can be read or ends, if it is not negative;
 * leaves gracefully when `life_fd` ends, because the manager is gone then. Closes all three. */
int worker_run(const struct worker_settings *settings, int heartbeat_fd, int life_fd, int gate_fd);

#endif
