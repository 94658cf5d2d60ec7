/* misuse - breaks the rules of the interface; the server must stay unharmed.
 *
 *     /twice              answers twice
 *     /never              returns without answering
 *     /header-injection   a type with a line break
 *     /status-99          a status that does not exist
 *     /late-body          asks for the body twice
 *     /abort?s=N          answers after N seconds; notes "aborted" when the client has gone before
 *     /release            keeps the request and lets it go without answering */
#include "apps/kit.h"
#include "fixture.h"

#define LITTLE_SECONDS 0.05
#define BODY_SIZE_MAX 1024

static void answer_twice(void *state, struct toad_request *request)
{
    (void)state;
    kit_reply_text(request, 200, "first");
    kit_reply_text(request, 200, "second");
}

static void answer_never(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
}

static void answer_injection(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply(request, 200, "text/plain\r\nX-Injected: yes", "injected", 8);
}

static void answer_status(void *state, struct toad_request *request)
{
    (void)state;
    kit_reply_text(request, 99, "no such status");
}

/* ---- The body ---- */

static void first_body(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "first %zu", body.size);
}

static void second_body(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "second %zu", body.size);
}

static void answer_late_body(void *state, struct toad_request *request)
{
    (void)state;
    toad_body_all(request, BODY_SIZE_MAX, first_body);
    toad_body_all(request, BODY_SIZE_MAX, second_body);
}

/* ---- Holding ---- */

static void nobody_left(void *data)
{
    kit_reply_text(data, 200, "nobody left");
    toad_release(data);
}

static void aborted(void *state, struct toad_request *request)
{
    (void)state;
    fixture_note("aborted");
    toad_timer_stop(toad_data(request));
    kit_reply_text(request, 200, "for a client that has gone");
    toad_release(request);
}

static void answer_abort(void *state, struct toad_request *request)
{
    (void)state;
    int64_t time_us = 0;
    if (!kit_seconds(request, "s", &time_us))
        return;
    struct toad_timer *timer =
        toad_timer_start(toad_request_worker(request), (double)time_us / 1e6, nobody_left, request);
    if (timer == NULL) {
        kit_reply_text(request, 503, "There is no memory for a timer\n");
        return;
    }
    toad_set_data(request, timer, NULL);
    toad_on_abort(request, aborted);
    toad_hold(request);
}

static void release_silently(void *data)
{
    toad_release(data);
}

static void answer_release(void *state, struct toad_request *request)
{
    (void)state;
    toad_hold(request);
    if (toad_timer_start(toad_request_worker(request), LITTLE_SECONDS, release_silently, request) ==
        NULL)
        toad_release(request);
}

static const struct kit_route routes[] = {
    {NULL, "/twice", answer_twice},
    {NULL, "/never", answer_never},
    {NULL, "/header-injection", answer_injection},
    {NULL, "/status-99", answer_status},
    {NULL, "/late-body", answer_late_body},
    {NULL, "/abort", answer_abort},
    {NULL, "/release", answer_release},
};

static void answer(void *state, struct toad_request *request)
{
    kit_route(routes, sizeof(routes) / sizeof(routes[0]), state, request);
}

const struct toad_app toad_app = {TOAD_APP_HEADER, .name = "misuse", .request = answer};
