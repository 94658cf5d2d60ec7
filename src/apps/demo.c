/* demo - what ci/start serves: a page that shows which worker answered, and lets a person watch how
 * the manager replaces one.
 *
 *     GET /           the page
 *     GET /who        the same facts as JSON
 *     GET /pid        the worker's PID
 *     GET /slow?s=N   an answer that takes its time
 *     GET /count?to=N an answer in parts
 *     GET /workers    who works, as JSON; over a WebSocket again and again
 *     /live           a WebSocket that gives back each text
 *     POST /upload    how large the body was
 *     any /crash      the worker answers and dies
 *     any /spin       the worker answers and is busy for ever */
#include "apps/demo_echo.h"
#include "apps/demo_page.h"
#include "apps/demo_parts.h"
#include "apps/demo_view.h"
#include "apps/kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Long enough for the answer to leave. */
#define FAREWELL_SECONDS 0.2
/* What the values add to the page at most. */
#define VALUES_SIZE_MAX 1024

/* One worker's share of the application. */
struct demo {
    struct toad_worker *worker; /* borrowed from the server */
    double started_seconds;
    struct view view;
};

/* What there is to know about the worker while it answers. */
struct facts {
    long pid;
    unsigned generation;
    double worker_seconds;
    double server_seconds;
    uint64_t requests;
    unsigned connections;
};

static double clock_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct facts facts_now(const struct demo *demo)
{
    return (struct facts){
        .pid = (long)getpid(),
        .generation = toad_worker_generation(demo->worker),
        .worker_seconds = clock_seconds() - demo->started_seconds,
        .server_seconds = toad_worker_uptime(demo->worker),
        .requests = toad_worker_requests(demo->worker),
        .connections = toad_worker_connections(demo->worker),
    };
}

/* ---- The page ---- */

enum {
    VALUES = 6
};

/* What stands for {{name}}. */
struct value {
    const char *name;
    char text[32];
};

static void duration_text(double seconds, char *text, size_t size)
{
    unsigned long whole = (unsigned long)seconds;
    if (whole < 60)
        (void)snprintf(text, size, "%lu s", whole);
    else if (whole < 3600)
        (void)snprintf(text, size, "%lu min %lu s", whole / 60, whole % 60);
    else
        (void)snprintf(text, size, "%lu h %lu min", whole / 3600, whole / 60 % 60);
}

static void values_fill(struct value values[VALUES], const struct facts *facts)
{
    static const char *const names[VALUES] = {"pid",         "generation", "worker_time",
                                              "server_time", "requests",   "version"};
    for (size_t i = 0; i < VALUES; i++)
        values[i].name = names[i];
    size_t size = sizeof(values[0].text);
    (void)snprintf(values[0].text, size, "%ld", facts->pid);
    (void)snprintf(values[1].text, size, "%u", facts->generation);
    duration_text(facts->worker_seconds, values[2].text, size);
    duration_text(facts->server_seconds, values[3].text, size);
    (void)snprintf(values[4].text, size, "%" PRIu64, facts->requests);
    (void)snprintf(values[5].text, size, "%s", toad_version());
}

/* Growing text; the rest of what does not fit is left out. */
struct page {
    char *data;
    size_t size;
    size_t capacity;
};

static void page_add(struct page *page, const char *data, size_t size)
{
    size_t space = page->capacity - page->size;
    size_t taken = size < space ? size : space;
    memcpy(page->data + page->size, data, taken);
    page->size += taken;
}

static void page_add_value(struct page *page, const struct value values[VALUES], const char *name,
                           size_t name_size)
{
    for (size_t i = 0; i < VALUES; i++)
        if (strlen(values[i].name) == name_size && memcmp(values[i].name, name, name_size) == 0)
            page_add(page, values[i].text, strlen(values[i].text));
}

static void page_write(struct page *page, const struct value values[VALUES])
{
    const char *at = demo_page;
    const char *end = demo_page + demo_page_size;
    while (at < end) {
        const char *open = memmem(at, (size_t)(end - at), "{{", 2);
        const char *close = open == NULL ? NULL : memmem(open, (size_t)(end - open), "}}", 2);
        if (close == NULL) {
            page_add(page, at, (size_t)(end - at));
            return;
        }
        page_add(page, at, (size_t)(open - at));
        page_add_value(page, values, open + 2, (size_t)(close - open - 2));
        at = close + 2;
    }
}

static void answer_page(void *state, struct toad_request *request)
{
    struct facts facts = facts_now(state);
    struct value values[VALUES];
    values_fill(values, &facts);
    struct page page = {.capacity = demo_page_size + VALUES_SIZE_MAX};
    page.data = toad_alloc(request, page.capacity);
    if (page.data == NULL) {
        kit_reply_text(request, 503, "There is no memory for the page\n");
        return;
    }
    page_write(&page, values);
    toad_reply(request, 200, "text/html; charset=utf-8", page.data, page.size);
}

/* ---- Short answers ---- */

static void answer_who(void *state, struct toad_request *request)
{
    struct facts facts = facts_now(state);
    toad_reply_format(request, 200, "application/json",
                      "{\"pid\":%ld,\"generation\":%u,\"worker_seconds\":%.1f,"
                      "\"server_seconds\":%.1f,\"requests\":%" PRIu64 ",\"connections\":%u}\n",
                      facts.pid, facts.generation, facts.worker_seconds, facts.server_seconds,
                      facts.requests, facts.connections);
}

static void answer_pid(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "%ld", (long)getpid());
}

static void answer_workers(void *state, struct toad_request *request)
{
    struct demo *demo = state;
    view_answer(&demo->view, request);
}

/* ---- Trying out what the manager does ---- */

static void crash_now(void *data)
{
    (void)data;
    kit_crash();
}

static void spin_now(void *data)
{
    (void)data;
    kit_spin();
}

static void answer_crash(void *state, struct toad_request *request)
{
    const struct demo *demo = state;
    toad_reply_format(request, 200, "text/plain",
                      "Worker %ld touches memory that is not its own and dies of SIGSEGV. The "
                      "manager starts another one.\n",
                      (long)getpid());
    if (toad_timer_start(demo->worker, FAREWELL_SECONDS, crash_now, NULL) == NULL)
        kit_crash();
}

static void answer_spin(void *state, struct toad_request *request)
{
    const struct demo *demo = state;
    toad_reply_format(request, 200, "text/plain",
                      "Worker %ld is busy from now on and sends no heartbeat any more. The manager "
                      "starts another one as soon as it notices.\n",
                      (long)getpid());
    if (toad_timer_start(demo->worker, FAREWELL_SECONDS, spin_now, NULL) == NULL)
        kit_spin();
}

/* ---- The application ---- */

static const struct kit_route routes[] = {
    {"GET", "/", answer_page},
    {"GET", "/who", answer_who},
    {"GET", "/pid", answer_pid},
    {"GET", "/slow", kit_answer_slowly},
    {"GET", "/workers", answer_workers},
    {"GET", "/count", demo_answer_count},
    {"POST", "/upload", demo_answer_upload},
    {NULL, "/crash", answer_crash},
    {NULL, "/spin", answer_spin},
};

static void answer(void *state, struct toad_request *request)
{
    kit_route(routes, sizeof(routes) / sizeof(routes[0]), state, request);
}

static void open_websocket(void *state, struct toad_request *request)
{
    struct demo *demo = state;
    if (strcmp(toad_path(request), "/live") == 0)
        echo_open(request);
    else if (strcmp(toad_path(request), "/workers") == 0)
        view_open(&demo->view, request);
    else
        kit_reply_text(request, 404, "Not found\n");
}

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    (void)host;
    (void)config;
    *app = view_open_board();
    return *app == NULL ? -1 : 0;
}

static void fini(void *app)
{
    view_close_board(app);
}

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    struct demo *demo = calloc(1, sizeof(*demo));
    if (demo == NULL)
        return -1;
    *demo = (struct demo){.worker = worker, .started_seconds = clock_seconds()};
    if (!view_init(&demo->view, app, worker)) {
        free(demo);
        return -1;
    }
    *state = demo;
    return 0;
}

static void worker_drain(void *state)
{
    struct demo *demo = state;
    view_drain(&demo->view);
}

static void worker_stop(void *state)
{
    struct demo *demo = state;
    view_clear(&demo->view);
    free(demo);
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "demo",
    .init = init,
    .fini = fini,
    .worker_start = worker_start,
    .worker_drain = worker_drain,
    .worker_stop = worker_stop,
    .request = answer,
    .websocket = open_websocket,
};
