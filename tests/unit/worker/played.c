#include "played.h"

#include "kit/patience.h"
#include "served.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char large[PLAYED_LARGE_SIZE];
static struct toad_request *kept;
static struct toad_timer *look;

static void reply(struct toad_request *request, const char *text)
{
    toad_reply(request, 200, "text/plain", text, strlen(text));
}

static void hello(struct toad_request *request)
{
    reply(request, "Hello World");
}

static void answer_large(struct toad_request *request)
{
    memset(large, 'l', sizeof large);
    toad_reply(request, 200, NULL, large, sizeof large);
}

static void answer_number(struct toad_request *request)
{
    toad_reply_format(request, 200, "text/plain", "%llu",
                      (unsigned long long)toad_request_number(request));
}

/* ---- What is wrong ---- */

static void answer_nothing(struct toad_request *request)
{
    (void)request;
}

static void answer_twice(struct toad_request *request)
{
    reply(request, "first");
    reply(request, "second");
    toad_reply_format(request, 200, NULL, "third");
    toad_body_all(request, 1, NULL);
}

static void answer_bad_status(struct toad_request *request)
{
    toad_reply(request, 199, "text/plain", "x", 1);
}

static void answer_bad_type(struct toad_request *request)
{
    toad_reply(request, 200, "text/plain\r\nX: y", "x", 1);
}

static void answer_long_type(struct toad_request *request)
{
    static char type[4096];
    memset(type, 't', sizeof type - 1);
    toad_reply(request, 200, type, "x", 1);
}

static void answer_too_long(struct toad_request *request)
{
    toad_reply_format(request, 200, "text/plain", "%0*d", 70000, 1);
}

static void answer_empty(struct toad_request *request)
{
    toad_reply(request, 204, NULL, NULL, 0);
}

static void release_unheld(struct toad_request *request)
{
    toad_release(request);
    reply(request, "unheld");
}

/* Holds the request; this follows at once, outside of its callback. */
static void follow(struct toad_request *request, void (*callback)(void *data))
{
    toad_hold(request);
    if (toad_timer_start(toad_request_worker(request), 0., callback, request) != NULL)
        return;
    toad_log(2, "no memory for a timer");
    reply(request, "there was no timer");
    toad_release(request);
}

/* ---- Bodies ---- */

static void take_body(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    served->bodies++;
    size_t length = strlen(body.data);
    toad_reply_format(request, 200, "text/plain", "%zu %zu %.20s", body.size, length, body.data);
}

static void take_body_only(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    (void)request;
    (void)body;
    served->bodies++;
}

static void ask_body(struct toad_request *request)
{
    toad_body_all(request, PLAYED_BODY_MAX, take_body);
}

static void ask_small_body(struct toad_request *request)
{
    toad_body_all(request, PLAYED_SMALL_MAX, take_body);
}

static void ask_body_twice(struct toad_request *request)
{
    toad_body_all(request, PLAYED_BODY_MAX, take_body);
    toad_body_all(request, PLAYED_BODY_MAX, take_body);
}

static void ask_body_for_nothing(struct toad_request *request)
{
    toad_body_all(request, PLAYED_BODY_MAX, take_body_only);
}

static void ask_body_later(void *data)
{
    struct toad_request *request = data;
    toad_body_all(request, PLAYED_BODY_MAX, take_body);
    toad_release(request);
}

static void hold_and_ask_body(struct toad_request *request)
{
    follow(request, ask_body_later);
}

/* ---- Later ---- */

static void answer_later(void *data)
{
    served->due++;
    reply(data, "later");
    toad_release(data);
}

static void hold_and_answer(struct toad_request *request)
{
    follow(request, answer_later);
}

static void answer_large_later(void *data)
{
    answer_large(data);
    toad_release(data);
}

static void hold_and_answer_large(struct toad_request *request)
{
    follow(request, answer_large_later);
}

static void forget_later(void *data)
{
    toad_release(data);
}

static void hold_and_forget(struct toad_request *request)
{
    follow(request, forget_later);
}

static void be_aborted(void *state, struct toad_request *request)
{
    (void)state;
    served->aborts++;
    served->keeping--;
    reply(request, "nobody wants this");
    kept = NULL;
    toad_timer_stop(look);
    toad_release(request);
}

static void look_at_kept(void *data)
{
    look = NULL;
    if (!served->must_answer) {
        look = toad_timer_start(data, 0.002, look_at_kept, data);
        return;
    }
    served->keeping--;
    reply(kept, "kept");
    toad_release(kept);
    kept = NULL;
}

static void count_destroyed(void *data)
{
    *(unsigned *)data += 1;
}

/* Until it is aborted or the test says so. */
static void keep(struct toad_request *request)
{
    toad_hold(request);
    toad_on_abort(request, be_aborted);
    toad_set_data(request, &served->destroyed, count_destroyed);
    kept = request;
    served->keeping++;
    struct toad_worker *own = toad_request_worker(request);
    look = toad_timer_start(own, 0.002, look_at_kept, own);
}

static void count_due(void *data)
{
    (void)data;
    served->due += 100;
}

/* Timers that cannot be, one that is stopped, and one that is due. */
static void use_timers(struct toad_request *request)
{
    struct toad_worker *own = toad_request_worker(request);
    bool are_refused = toad_timer_start(own, -1., count_due, NULL) == NULL &&
                       toad_timer_start(own, 2e9, count_due, NULL) == NULL &&
                       toad_timer_start(own, 0. / 0., count_due, NULL) == NULL &&
                       toad_timer_start(own, 0., NULL, NULL) == NULL;
    toad_timer_stop(toad_timer_start(own, 0., count_due, NULL));
    toad_timer_stop(NULL);
    if (are_refused)
        hold_and_answer(request);
    else
        reply(request, "a timer that cannot be was started");
}

/* Lets nobody else have a turn until the test says so. */
static void block(struct toad_request *request)
{
    served->blocking++;
    while (!*(volatile bool *)&served->must_go_on)
        patience_sleep_us(1000);
    reply(request, "blocked");
}

/* Answers after 20 ms. */
static void hold_and_answer_soon(struct toad_request *request)
{
    served->keeping++;
    toad_hold(request);
    toad_timer_start(toad_request_worker(request), 0.02, answer_later, request);
}

/* ---- What the server says ---- */

static const char *or_none(const char *text)
{
    return text == NULL ? "NULL" : text;
}

static void show(struct toad_request *request)
{
    static char text[16384];
    size_t used = (size_t)snprintf(
        text, sizeof text, "%s|%s|%s|%s|%s|%s|%s|%s|%u|%s|%s|%s|%s|%llu|%u\n", toad_method(request),
        toad_target(request), toad_path(request), toad_query(request), toad_http_version(request),
        toad_scheme(request), toad_host_name(request), toad_remote_address(request),
        toad_remote_port(request), or_none(toad_parameter(request, "a b")),
        or_none(toad_parameter(request, "flag")), or_none(toad_parameter(request, "absent")),
        or_none(toad_header(request, "x-one")), (unsigned long long)toad_request_number(request),
        toad_worker_generation(toad_request_worker(request)));
    struct toad_text name;
    struct toad_text value;
    for (size_t i = 0; toad_header_at(request, i, &name, &value); i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%zu %s=%zu %s\n", name.size,
                                 name.data, value.size, value.data);
    struct toad_worker *own = toad_request_worker(request);
    char *memory = toad_alloc(request, 100000);
    if (memory == NULL)
        toad_log(2, "no memory for the application");
    else
        memset(memory, 'm', 100000);
    (void)snprintf(text + used, sizeof text - used, "%zu %llu %u %d %s %s\n",
                   toad_header_count(request), (unsigned long long)toad_worker_requests(own),
                   toad_worker_connections(own), toad_worker_uptime(own) > 0., toad_version(),
                   toad_data(request) == NULL ? "bare" : "?");
    reply(request, text);
}

static const char *ends_of(const struct toad_request *request)
{
    static char text[1024];
    (void)snprintf(text, sizeof text, "%s %u %s %s %s %s %u", toad_remote_address(request),
                   toad_remote_port(request), toad_scheme(request), toad_host_name(request),
                   toad_peer_address(request), toad_local_address(request),
                   toad_local_port(request));
    return text;
}

static void show_ends(struct toad_request *request)
{
    const char *remote = toad_remote_address(request);
    const char *peer = toad_peer_address(request);
    const char *host = toad_host_name(request);
    const char *text = ends_of(request);
    bool is_kept = remote == toad_remote_address(request) && peer == toad_peer_address(request) &&
                   host == toad_host_name(request);
    reply(request, is_kept ? text : "what was said before is not valid any more");
}

/* Asks once the connection is not the request's any more. */
static void show_ends_late(struct toad_request *request)
{
    toad_hold(request);
    if (toad_parameter(request, "early") != NULL)
        (void)toad_local_port(request);
    reply(request, "late");
    toad_log(0, ends_of(request));
    toad_release(request);
}

static void log_levels(struct toad_request *request)
{
    toad_log(0, "by the application, informing");
    toad_log(1, "by the application, warning");
    toad_log(2, "by the application, \n failing");
    reply(request, "logged");
}

/* ---- The descriptor ---- */

static const struct {
    const char *path;
    void (*answer)(struct toad_request *request);
} routes[] = {
    {"/", hello},
    {"/large", answer_large},
    {"/number", answer_number},
    {"/nothing", answer_nothing},
    {"/twice", answer_twice},
    {"/bad-status", answer_bad_status},
    {"/bad-type", answer_bad_type},
    {"/long-type", answer_long_type},
    {"/too-long", answer_too_long},
    {"/empty", answer_empty},
    {"/unheld", release_unheld},
    {"/body", ask_body},
    {"/small", ask_small_body},
    {"/body-twice", ask_body_twice},
    {"/body-only", ask_body_for_nothing},
    {"/body-later", hold_and_ask_body},
    {"/later", hold_and_answer},
    {"/soon", hold_and_answer_soon},
    {"/large-later", hold_and_answer_large},
    {"/forget-later", hold_and_forget},
    {"/keep", keep},
    {"/timers", use_timers},
    {"/block", block},
    {"/log", log_levels},
    {"/ends", show_ends},
    {"/ends-late", show_ends_late},
};

static void answer(void *state, struct toad_request *request)
{
    (void)state;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, toad_path(request)) == 0) {
            routes[i].answer(request);
            return;
        }
    if (!played_parts_answer(request) && !played_fields_answer(request) &&
        !played_files_answer(request) && !played_bodies_answer(request) &&
        !played_loop_answer(request))
        show(request);
}

static int start(void *app, struct toad_worker *own, void **state)
{
    (void)app;
    (void)own;
    served->starts++;
    *state = served;
    return served->start_outcome;
}

static void drain(void *state)
{
    ((struct served *)state)->drains++;
}

static void stop(void *state)
{
    ((struct served *)state)->stops++;
}

const struct toad_app played_app = {
    TOAD_APP_HEADER,     .name = "played",  .worker_start = start,         .worker_drain = drain,
    .worker_stop = stop, .request = answer, .websocket = played_websocket,
};
