/* abi_1_0 - an application that uses everything that interface 1.0 offers; README.md here says what
 * it is good for.
 *
 * Its options: `notes` names a file that gets a line for each callback of its life, `pond` is told,
 * `refusal` says why it does not start. */
#include <hypnotoad.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BODY_SIZE_MAX 1000
#define A_MOMENT 0.05

/* What init() has seen; the workers share it. */
struct application {
    unsigned generation;
    char notes[512];
    char told[4096];
};

struct worker {
    const struct application *application;
    unsigned destroyed;
};

/* One text at a time is written here, since a worker has one thread. */
static struct {
    char text[65536];
    size_t size;
} page;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    size_t room = sizeof(page.text) - page.size;
    va_list values;
    va_start(values, format);
    int size = vsnprintf(page.text + page.size, room, format, values);
    va_end(values);
    if (size < 0 || (size_t)size >= room)
        abort();
    page.size += (size_t)size;
}

static void reply_page(struct toad_request *request)
{
    toad_reply(request, 200, "text/plain; charset=utf-8", page.text, page.size);
    page.size = 0;
}

static void note(const struct application *application, const char *what)
{
    char line[64];
    int fd = open(application->notes, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    int size = snprintf(line, sizeof(line), "%s %ld\n", what, (long)getpid());
    if (fd < 0)
        return;
    if (write(fd, line, (size_t)size) != size)
        abort();
    (void)close(fd);
}

/* ---- Its life ---- */

static int check(const struct toad_config *config, char *problem, size_t problem_size)
{
    const char *refusal = toad_config_option(config, "refusal");
    if (refusal == NULL)
        return 0;
    (void)snprintf(problem, problem_size, "%s", refusal);
    return 1;
}

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    static struct application application;
    const char *notes = toad_config_option(config, "notes");
    const char *name;
    application.generation = toad_host_generation(host);
    (void)snprintf(application.notes, sizeof(application.notes), "%s", notes == NULL ? "" : notes);
    say("directory=%s\nmode=%s\noptions=%zu\n", toad_config_directory(config),
        toad_config_mode(config), toad_config_option_count(config));
    for (size_t i = 0; (name = toad_config_option_name(config, i)) != NULL; i++)
        say("%s=%s\n", name, toad_config_option(config, name));
    if (page.size >= sizeof(application.told))
        abort();
    memcpy(application.told, page.text, page.size + 1);
    page.size = 0;
    note(&application, "init");
    *app = &application;
    return 0;
}

static void fini(void *app)
{
    note(app, "fini");
}

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    static struct worker mine;
    mine.application = app;
    *state = &mine;
    note(app, "worker_start");
    return toad_worker_generation(worker) == mine.application->generation ? 0 : 1;
}

static void worker_drain(void *state)
{
    const struct worker *worker = state;
    note(worker->application, "worker_drain");
}

static void worker_stop(void *state)
{
    const struct worker *worker = state;
    note(worker->application, "worker_stop");
}

/* ---- What it is told ---- */

static void show_host(void *state, struct toad_request *request)
{
    const struct worker *worker = state;
    say("generation=%u\nversion=%s\n%s", worker->application->generation, toad_version(),
        worker->application->told);
    reply_page(request);
}

static void show_worker(void *state, struct toad_request *request)
{
    const struct worker *mine = state;
    const struct toad_worker *worker = toad_request_worker(request);
    say("generation=%u\nuptime=%.6f\nrequests=%llu\nconnections=%u\ndestroyed=%u\n",
        toad_worker_generation(worker), toad_worker_uptime(worker),
        (unsigned long long)toad_worker_requests(worker), toad_worker_connections(worker),
        mine->destroyed);
    reply_page(request);
}

static void write_log(void *state, struct toad_request *request)
{
    (void)state;
    toad_log(0, "croak for information");
    toad_log(1, "croak as a warning");
    toad_log(2, "croak as an error\n");
    toad_reply(request, 200, NULL, "", 0);
}

static void show_request(void *state, struct toad_request *request)
{
    (void)state;
    say("method=%s\ntarget=%s\npath=%s\nquery=%s\n", toad_method(request), toad_target(request),
        toad_path(request), toad_query(request));
    say("http_version=%s\nscheme=%s\nhost_name=%s\n", toad_http_version(request),
        toad_scheme(request), toad_host_name(request));
    say("remote_address=%s\nremote_port=%u\nrequest_number=%llu\n", toad_remote_address(request),
        toad_remote_port(request), (unsigned long long)toad_request_number(request));
    say("peer_address=%s\nlocal_address=%s\nlocal_port=%u\n", toad_peer_address(request),
        toad_local_address(request), toad_local_port(request));
    reply_page(request);
}

static void show_parameter(void *state, struct toad_request *request)
{
    const char *value = toad_parameter(request, "frog");
    (void)state;
    say("%s", value == NULL ? "(none)" : value);
    reply_page(request);
}

static void show_fields(void *state, struct toad_request *request)
{
    struct toad_text name;
    struct toad_text value;
    const char *frog = toad_header(request, "x-frog");
    (void)state;
    say("count=%zu\nfrog=%s\n", toad_header_count(request), frog == NULL ? "(none)" : frog);
    for (size_t i = 0; toad_header_at(request, i, &name, &value); i++)
        say("%.*s: %.*s\n", (int)name.size, name.data, (int)value.size, value.data);
    reply_page(request);
}

/* ---- What it keeps beside a request ---- */

struct keepsake {
    struct worker *worker;
    struct toad_request *request;
    struct toad_timer *timer;
    struct toad_text body;
    char text[32];
};

static void keepsake_ends(void *data)
{
    struct keepsake *keepsake = data;
    keepsake->worker->destroyed++;
}

static struct keepsake *keepsake_make(struct worker *worker, struct toad_request *request)
{
    struct keepsake *keepsake = toad_alloc(request, sizeof(*keepsake));
    if (keepsake == NULL || (uintptr_t)keepsake % _Alignof(max_align_t) != 0)
        abort();
    *keepsake = (struct keepsake){.worker = worker, .request = request, .text = "kept"};
    toad_set_data(request, keepsake, keepsake_ends);
    return keepsake;
}

static void show_keepsake(void *state, struct toad_request *request)
{
    (void)keepsake_make(state, request);
    const struct keepsake *keepsake = toad_data(request);
    toad_reply_format(request, 200, "text/plain", "%s %d%%", keepsake->text, 100);
}

/* ---- Answers that come later ---- */

static void moment_passed(void *data)
{
    struct keepsake *keepsake = data;
    toad_reply(keepsake->request, 200, "text/plain", keepsake->body.data, keepsake->body.size);
    toad_release(keepsake->request);
}

static void client_left(void *state, struct toad_request *request)
{
    const struct worker *worker = state;
    struct keepsake *keepsake = toad_data(request);
    note(worker->application, "client_left");
    toad_timer_stop(keepsake->timer);
    toad_release(request);
}

static void answer_in(double seconds, struct keepsake *keepsake)
{
    struct toad_request *request = keepsake->request;
    keepsake->timer =
        toad_timer_start(toad_request_worker(request), seconds, moment_passed, keepsake);
    if (keepsake->timer == NULL)
        abort();
    toad_on_abort(request, client_left);
    toad_hold(request);
}

static void answer_later(void *state, struct toad_request *request)
{
    struct keepsake *keepsake = keepsake_make(state, request);
    const char *seconds = toad_parameter(request, "s");
    keepsake->body = (struct toad_text){keepsake->text, strlen(keepsake->text)};
    answer_in(seconds == NULL ? A_MOMENT : strtod(seconds, NULL), keepsake);
}

static void never(void *data)
{
    (void)data;
    abort();
}

static void stop_timer(void *state, struct toad_request *request)
{
    struct toad_timer *timer = toad_timer_start(toad_request_worker(request), 0, never, state);
    toad_timer_stop(timer);
    answer_later(state, request);
}

/* Nobody answers: the server does. */
static void let_go(void *state, struct toad_request *request)
{
    (void)state;
    toad_hold(request);
    toad_release(request);
}

/* ---- Whole bodies ---- */

static void body_came(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    toad_reply(request, 200, "application/octet-stream", body.data, body.size);
}

static void take_body(void *state, struct toad_request *request)
{
    (void)state;
    toad_body_all(request, BODY_SIZE_MAX, body_came);
}

static void body_came_to_stay(void *state, struct toad_request *request, struct toad_text body)
{
    struct keepsake *keepsake = keepsake_make(state, request);
    keepsake->body = body;
    answer_in(A_MOMENT, keepsake);
}

static void keep_body(void *state, struct toad_request *request)
{
    (void)state;
    toad_body_all(request, BODY_SIZE_MAX, body_came_to_stay);
}

/* ---- Bodies and answers in parts ---- */

#define FLOOD_SIZE 1000000

static void pour(void *state, struct toad_request *request)
{
    static char flood[FLOOD_SIZE];
    size_t *poured = toad_data(request);
    (void)state;
    memset(flood, 'g', sizeof(flood));
    *poured += toad_write(request, flood + *poured, sizeof(flood) - *poured);
    if (*poured < sizeof(flood))
        return;
    bool is_sent = toad_add_trailer(request, "X-Croak", "loud");
    toad_write(request, is_sent ? "1" : "0", 1);
    toad_end(request);
}

static void answer_in_parts(void *state, struct toad_request *request)
{
    size_t *poured = toad_alloc(request, sizeof(*poured));
    if (poured == NULL)
        abort();
    *poured = 0;
    toad_set_data(request, poured, NULL);
    if (!toad_add_header(request, "X-Frog", "green") || toad_add_header(request, "Date", "now"))
        abort();
    toad_start(request, 201, "text/plain", TOAD_SIZE_UNKNOWN);
    toad_on_writable(request, pour);
    pour(state, request);
}

static void fail_in_parts(void *state, struct toad_request *request)
{
    (void)state;
    toad_start(request, 200, "text/plain", 10);
    toad_write(request, "half", 4);
    toad_fail(request);
}

static void answer_file(void *state, struct toad_request *request)
{
    int fd = memfd_create("golden", MFD_CLOEXEC);
    (void)state;
    if (fd < 0 || write(fd, "a golden frog", 13) != 13)
        abort();
    toad_reply_file(request, 200, "text/plain", fd, 2, 6);
}

static void rest_is_over(void *request)
{
    toad_body_resume(request);
}

static void part_came(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    if (toad_write(request, part.data, part.size) != part.size)
        abort();
    toad_body_pause(request);
    if (toad_timer_start(toad_request_worker(request), 0, rest_is_over, request) == NULL)
        abort();
}

static void parts_ended(void *state, struct toad_request *request)
{
    (void)state;
    toad_end(request);
}

static void echo(void *state, struct toad_request *request)
{
    (void)state;
    toad_body_stream(request, BODY_SIZE_MAX, part_came, parts_ended);
    toad_start(request, 200, NULL, toad_body_size(request));
}

/* ---- What else there is to wait for ---- */

static struct {
    struct toad_request *request;
    struct toad_watch *watch;
    struct toad_wakeup *wakeup;
    int ends[2];
} waiting;

static void hear_wakeup(void *data)
{
    if (data != &waiting)
        abort();
    toad_wakeup_stop(waiting.wakeup);
    toad_reply(waiting.request, 200, "text/plain", "awake", 5);
    toad_release(waiting.request);
}

static void see_byte(void *data, int fd, unsigned events)
{
    if (data != &waiting || fd != waiting.ends[0] || events != TOAD_READABLE)
        abort();
    toad_watch_stop(waiting.watch);
    (void)close(waiting.ends[0]);
    (void)close(waiting.ends[1]);
    toad_wakeup_send(waiting.wakeup);
}

static void wait_for_others(void *state, struct toad_request *request)
{
    struct toad_worker *worker = toad_request_worker(request);
    (void)state;
    if (pipe2(waiting.ends, O_CLOEXEC) != 0)
        abort();
    toad_hold(request);
    waiting.request = request;
    waiting.wakeup = toad_wakeup_start(worker, hear_wakeup, &waiting);
    waiting.watch = toad_watch_start(worker, waiting.ends[0], 0, see_byte, &waiting);
    bool is_missing = waiting.wakeup == NULL || waiting.watch == NULL;
    if (is_missing || toad_worker_loop(worker) == NULL || toad_worker_is_leaving(worker))
        abort();
    toad_watch_change(waiting.watch, TOAD_READABLE);
    if (write(waiting.ends[1], "!", 1) != 1)
        abort();
}

/* ---- Who answers what ---- */

static const struct {
    const char *path;
    void (*answer)(void *state, struct toad_request *request);
} routes[] = {
    {"/host", show_host},
    {"/worker", show_worker},
    {"/log", write_log},
    {"/request/a b", show_request},
    {"/parameter", show_parameter},
    {"/fields", show_fields},
    {"/keepsake", show_keepsake},
    {"/later", answer_later},
    {"/stopped-timer", stop_timer},
    {"/let-go", let_go},
    {"/body", take_body},
    {"/kept-body", keep_body},
    {"/parts", answer_in_parts},
    {"/failing", fail_in_parts},
    {"/file", answer_file},
    {"/echo", echo},
    {"/others", wait_for_others},
};

static void answer(void *state, struct toad_request *request)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].path, toad_path(request)) == 0) {
            routes[i].answer(state, request);
            return;
        }
    }
    toad_reply(request, 404, "text/plain", "not found\n", 10);
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "abi_1_0",
    .check = check,
    .init = init,
    .fini = fini,
    .worker_start = worker_start,
    .worker_drain = worker_drain,
    .worker_stop = worker_stop,
    .request = answer,
};
