#include "http/http_session.h"

#include <stddef.h>

/* A row that http_life.def does not list stays zero: is_listed is false. */
struct rule {
    bool is_listed;
    enum http_life next;
    enum http_life next_if_last;
};

static const struct rule rules[HTTP_LIFE_CLOSED + 1][HTTP_SESSION_LOST + 1] = {
#define HTTP_RULE(life, event, next, next_if_last)                                                 \
    [HTTP_LIFE_##life][HTTP_SESSION_##event] = {true, HTTP_LIFE_##next, HTTP_LIFE_##next_if_last},
#include "http/http_life.def"
#undef HTTP_RULE
};

void http_session_init(struct http_session *session, int64_t now_us)
{
    *session =
        (struct http_session){.moved_us = now_us, .began_us = now_us, .life = HTTP_LIFE_IDLE};
}

void http_session_await_handshake(struct http_session *session)
{
    session->life = HTTP_LIFE_SHAKING;
}

enum error http_session_observe(struct http_session *session, enum http_session_event event,
                                int64_t now_us)
{
    const struct rule *rule = &rules[session->life][event];
    if (!rule->is_listed)
        return ERROR_INVALID;
    enum http_life next = session->closes ? rule->next_if_last : rule->next;
    if (event == HTTP_SESSION_HEAD_READ)
        session->requests++;
    if (event == HTTP_SESSION_FLUSHED)
        session->is_stalled = false;
    /* Whatever leads there makes the answer the last one: nothing leads back. */
    if (next == HTTP_LIFE_FINISHING)
        session->closes = true;
    if (next != session->life)
        session->began_us = now_us;
    session->moved_us = now_us;
    session->life = next;
    return ERROR_NONE;
}

void http_session_stall(struct http_session *session, int64_t now_us)
{
    /* A client that takes nothing does not win time by being tried again. */
    if (!session->is_stalled)
        session->moved_us = now_us;
    session->is_stalled = true;
}

void http_session_linger(struct http_session *session, int64_t now_us)
{
    if (session->life == HTTP_LIFE_LINGERING)
        session->began_us = now_us;
}

void http_session_decide(struct http_session *session, bool client_persists, bool reads_on,
                         bool is_leaving, const struct http_session_settings *settings)
{
    bool is_enough =
        settings->keep_alive_requests > 0 && session->requests >= settings->keep_alive_requests;
    /* An answer that overtakes its request ends the connection, so it must say so. */
    bool is_early = session->life == HTTP_LIFE_BODY && !reads_on;
    if (!client_persists || is_leaving || is_enough || is_early)
        session->closes = true;
}

static int64_t after(int64_t start_us, int64_t timeout_us)
{
    if (timeout_us == 0 || timeout_us > NEVER_US - start_us)
        return NEVER_US;
    return start_us + timeout_us;
}

int64_t http_session_deadline(const struct http_session *session,
                              const struct http_session_settings *settings)
{
    if (session->is_stalled && session->life != HTTP_LIFE_CLOSED)
        return after(session->moved_us, settings->inactivity_timeout_us);
    switch (session->life) {
    case HTTP_LIFE_IDLE:
        return after(session->moved_us, settings->keep_alive_timeout_us);
    case HTTP_LIFE_SHAKING:
    case HTTP_LIFE_HEAD:
        /* Promise CON-3: from its first byte, however slowly it trickles. */
        return after(session->began_us, settings->header_timeout_us);
    case HTTP_LIFE_BODY:
    case HTTP_LIFE_WORKING:
    case HTTP_LIFE_ANSWERING:
    case HTTP_LIFE_FINISHING:
        return after(session->moved_us, settings->inactivity_timeout_us);
    case HTTP_LIFE_LINGERING:
        return session->began_us + settings->linger_timeout_us;
    case HTTP_LIFE_UPGRADED:
    case HTTP_LIFE_CLOSED:
        break;
    }
    return NEVER_US;
}

uint32_t http_session_keep_alive_s(const struct http_session_settings *settings)
{
    int64_t whole_s = settings->keep_alive_timeout_us / SECOND_US;
    if (whole_s < 1)
        return 0;
    return whole_s - 1 < UINT32_MAX ? (uint32_t)(whole_s - 1) : UINT32_MAX;
}

const char *http_life_text(enum http_life life)
{
    switch (life) {
#define HTTP_LIFE(name, meaning)                                                                   \
    case HTTP_LIFE_##name:                                                                         \
        return #name;
#include "http/http_life.def"
#undef HTTP_LIFE
    }
    return "?";
}

const char *http_session_event_text(enum http_session_event event)
{
    switch (event) {
#define HTTP_SESSION_EVENT(name, meaning)                                                          \
    case HTTP_SESSION_##name:                                                                      \
        return #name;
#include "http/http_life.def"
#undef HTTP_SESSION_EVENT
    }
    return "?";
}
