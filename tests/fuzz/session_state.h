/* session_state - what the application behind a fuzzed connection knows, and its plain answer.
 *
 * Every request that it is asked is noted, so that the answers can be held against them. */
#ifndef TOAD_TESTS_FUZZ_SESSION_STATE_H
#define TOAD_TESTS_FUZZ_SESSION_STATE_H

#include "answers.h"
#include "hypnotoad.h"

#include <inttypes.h>

enum {
    APP_ASKED_MAX = 4096,
    APP_LARGE_SIZE = 30000,
    APP_LARGE_MAX = 8, /* large answers on one connection */
    APP_SMALL_BODY = 10
};

static struct {
    struct toad_worker *worker;
    struct asked asked[APP_ASKED_MAX];
    size_t asked_count;
    size_t living;             /* requests that have not been given back */
    size_t large_count;        /* large answers so far */
    struct toad_request *held; /* it is not answered yet; NULL: none */
    struct toad_timer *timer;  /* answers `held` */
    /* What app_release() calls with `held`; NULL: the server will call. */
    void (*go_on)(struct toad_request *request);
} app;

static void app_demand(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

/* For a new connection. */
static void app_forget(void)
{
    app_demand(app.living == 0, "A request was not given back");
    app_demand(app.held == NULL && app.timer == NULL, "A request was not aborted");
    memset(app.asked, 0, app.asked_count * sizeof app.asked[0]);
    app.asked_count = 0;
    app.large_count = 0;
}

static struct asked *app_asked(const struct toad_request *request)
{
    size_t number = toad_request_number(request);
    app_demand(number > 0 && number <= app.asked_count, "The request has another one's number");
    return &app.asked[number - 1];
}

static inline bool app_has_cut(void)
{
    return app.asked_count > 0 && app.asked[app.asked_count - 1].is_cut;
}

/* ---- Answers ---- */

static uint64_t app_hash(uint64_t hash, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)data[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Content whose parts are not like each other. */
static void app_fill(char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (char)('a' + (i + i / 26 + i / 677) % 26);
}

/* What the server made of the request, so that another meaning is another answer. */
static uint64_t app_digest(struct toad_request *request)
{
    const char *parameter = toad_parameter(request, "q");
    const char *const texts[] = {toad_method(request),       toad_target(request),
                                 toad_path(request),         toad_query(request),
                                 toad_http_version(request), toad_host_name(request),
                                 toad_scheme(request),       parameter == NULL ? "" : parameter};
    uint64_t digest = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        digest = app_hash(digest + 1, texts[i], strlen(texts[i]));
    struct toad_text name;
    struct toad_text value;
    for (size_t i = 0; toad_header_at(request, i, &name, &value); i++) {
        digest = app_hash(digest + 2, name.data, name.size);
        digest = app_hash(digest + 3, value.data, value.size);
    }
    return digest;
}

static void app_answer(struct toad_request *request, struct toad_text body)
{
    app_asked(request)->is_answered = true;
    toad_reply_format(request, 200, "text/plain", "#%" PRIu64 " %s %zu %" PRIx64 " %" PRIx64,
                      toad_request_number(request), toad_method(request), body.size,
                      app_hash(0, body.data, body.size), app_digest(request));
}

static inline void app_answer_without_body(struct toad_request *request)
{
    app_answer(request, (struct toad_text){"", 0});
}

static inline void app_take_body(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    app_answer(request, body);
}

/* ---- Later ---- */

static void app_abort(void *state, struct toad_request *request)
{
    (void)state;
    app_demand(app.held == request, "A request was aborted that nobody waits for");
    app_demand(!app_asked(request)->is_answered, "A request was aborted behind its answer");
    app.held = NULL;
    toad_timer_stop(app.timer);
    app.timer = NULL;
}

/* Nothing else may come before the request is answered or aborted. */
static inline void app_await(struct toad_request *request,
                             void (*go_on)(struct toad_request *request))
{
    app_demand(app.held == NULL, "A request came before the one before it was answered");
    app.held = request;
    app.go_on = go_on;
    toad_on_abort(request, app_abort);
}

/* Goes on with what is held; false if there is nothing, or the server will call. */
static bool app_release(void)
{
    struct toad_request *request = app.held;
    if (request == NULL || app.go_on == NULL || app.timer != NULL)
        return false;
    app_demand(toad_worker_connections(app.worker) > 0, "Nobody said that the client has gone");
    app.go_on(request);
    return true;
}

#endif
