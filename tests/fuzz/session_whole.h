/* session_whole - answers of one piece, at once and later. */
#ifndef TOAD_TESTS_FUZZ_SESSION_WHOLE_H
#define TOAD_TESTS_FUZZ_SESSION_WHOLE_H

#include "session_state.h"

static void app_echo(struct toad_request *request)
{
    toad_body_all(request, SIZE_MAX, app_take_body);
}

static void app_echo_little(struct toad_request *request)
{
    const char *length = toad_header(request, "Content-Length");
    /* Whether the rest of it can still be read depends on what has come. */
    if (length != NULL)
        app_asked(request)->is_answered = app_asked(request)->is_early = true;
    toad_body_all(request, APP_SMALL_BODY, app_take_body);
}

static void app_answer_large(struct toad_request *request)
{
    static char data[APP_LARGE_SIZE];
    if (app.large_count++ >= APP_LARGE_MAX) {
        app_answer_without_body(request);
        return;
    }
    app_fill(data, sizeof data);
    int size = snprintf(data, sizeof data, "#%" PRIu64 " ", toad_request_number(request));
    data[size] = '.';
    app_asked(request)->is_answered = true;
    toad_reply(request, 200, NULL, data, sizeof data);
}

static void app_answer_status(struct toad_request *request, int status, const char *type)
{
    app_asked(request)->is_answered = true;
    toad_reply(request, status, type, "some content", 12);
}

static void app_answer_204(struct toad_request *request)
{
    app_answer_status(request, 204, "text/plain");
}

static void app_answer_304(struct toad_request *request)
{
    app_answer_status(request, 304, NULL);
}

/* The server answers with 500 for these three. */
static void app_answer_wrongly(struct toad_request *request)
{
    app_answer_status(request, 99, NULL);
}

static void app_answer_two_lines(struct toad_request *request)
{
    app_answer_status(request, 200, "text/plain\r\nX: y");
}

static void app_answer_nothing(struct toad_request *request)
{
    app_asked(request)->is_answered = true;
}

static void app_answer_twice(struct toad_request *request)
{
    app_answer_without_body(request);
    toad_reply(request, 200, NULL, "second", 6);
}

/* ---- Later ---- */

static void app_abort_held(void *state, struct toad_request *request)
{
    app_abort(state, request);
    toad_release(request);
}

static void app_answer_held(struct toad_request *request)
{
    app.held = NULL;
    app_answer_without_body(request);
    toad_release(request);
}

static void app_hold(struct toad_request *request)
{
    app_await(request, app_answer_held);
    toad_on_abort(request, app_abort_held);
    toad_hold(request);
}

static void app_be_due(void *data)
{
    (void)data;
    app.timer = NULL;
    (void)app_release();
}

static void app_wait(struct toad_request *request)
{
    app_hold(request);
    app.timer = toad_timer_start(toad_request_worker(request), 0., app_be_due, NULL);
    app_demand(app.timer != NULL, "There is no timer");
}

static void app_hold_body(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    (void)body;
    app_hold(request);
}

static void app_hold_behind_body(struct toad_request *request)
{
    toad_body_all(request, SIZE_MAX, app_hold_body);
}

#endif
