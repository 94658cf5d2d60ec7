/* http_session - one connection's conversation: where it stands, whether it goes on, until when it
 * may wait.
 *
 * Pure. Knows no bytes: the caller reports what happened and asks what follows. The table is
 * http_life.def (promises CON-1, CON-2, CON-3, WRK-3). */
#ifndef TOAD_HTTP_HTTP_SESSION_H
#define TOAD_HTTP_HTTP_SESSION_H

#include "base/error.h"
#include "http/http_message.h"

enum http_life {
#define HTTP_LIFE(name, meaning) HTTP_LIFE_##name,
#include "http/http_life.def"
#undef HTTP_LIFE
};

enum http_session_event {
#define HTTP_SESSION_EVENT(name, meaning) HTTP_SESSION_##name,
#include "http/http_life.def"
#undef HTTP_SESSION_EVENT
};

struct http_session_settings {
    int64_t keep_alive_timeout_us; /* 0: without limit */
    int64_t header_timeout_us;     /* 0: without limit */
    int64_t inactivity_timeout_us; /* 0: without limit */
    int64_t linger_timeout_us;
    uint64_t keep_alive_requests; /* 0: without limit */
};

struct http_session {
    int64_t moved_us;  /* when something last happened */
    int64_t began_us;  /* when the present life began */
    uint64_t requests; /* heads read so far */
    enum http_life life;
    bool closes;     /* the answer under way is the last one */
    bool is_stalled; /* output waits for the client: inactivity_timeout runs, whatever the life */
};

void http_session_init(struct http_session *session, int64_t now_us);

/* Called after http_session_init(): the client must agree on TLS first. */
void http_session_await_handshake(struct http_session *session);

/* Something happened. HEAD_READ counts the request; what leads to FINISHING (REFUSED, TIMED_OUT in
 * life HEAD, an answer that is complete before its request) makes the answer the last one; FLUSHED
 * ends a stall. ERROR_INVALID, with nothing changed, if the table has no rule for it. */
MUST_CHECK enum error http_session_observe(struct http_session *session,
                                           enum http_session_event event, int64_t now_us);

/* Output is left over that the kernel did not take; FLUSHED ends it. Only the first call counts as
 * a movement: bytes that the kernel does take are reported as MOVED. */
void http_session_stall(struct http_session *session, int64_t now_us);

/* Life LINGERING begins anew: the client still takes its answer. */
void http_session_linger(struct http_session *session, int64_t now_us);

/* Decides whether the answer to this request is the last on the connection: the client's wish,
 * keep_alive_requests, a worker that is leaving, or a request whose body has not been read to its
 * end (life BODY), unless somebody goes on reading it. Called when the answer begins; never takes
 * an earlier decision to close back. */
void http_session_decide(struct http_session *session, bool client_persists, bool reads_on,
                         bool is_leaving, const struct http_session_settings *settings);

/* When TIMED_OUT is due; NEVER_US if nothing limits the phase. */
int64_t http_session_deadline(const struct http_session *session,
                              const struct http_session_settings *settings);

/* The `Keep-Alive: timeout=` of an answer: a second under the real one in whole seconds, 0 if that
 * leaves nothing to promise. */
uint32_t http_session_keep_alive_s(const struct http_session_settings *settings);

const char *http_life_text(enum http_life life);
const char *http_session_event_text(enum http_session_event event);

#endif
