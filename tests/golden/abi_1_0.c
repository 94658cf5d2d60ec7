/* abi_1_0 - an application that uses everything that interface 1.0 offers; README.md here says what
 * it is good for.
 *
 * Its options: `notes` names a file that gets a line for each callback of its life, `file` one that
 * it sends, `refusal` says why it does not start; all are told. */
#include <hypnotoad.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_SIZE_MAX 1000
#define STREAM_SIZE_MAX 1000000
#define A_MOMENT 0.05

/* What init() has seen; the workers share it. */
struct application {
    unsigned generation;
    char notes[512];
    char file[512];
    char told[4096];
};

struct worker {
    const struct application *application;
    struct toad_worker *worker;
    struct ev_loop *loop;
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
    const char *file = toad_config_option(config, "file");
    const char *name;
    application.generation = toad_host_generation(host);
    (void)snprintf(application.notes, sizeof(application.notes), "%s", notes == NULL ? "" : notes);
    (void)snprintf(application.file, sizeof(application.file), "%s", file == NULL ? "" : file);
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
    mine.worker = worker;
    mine.loop = toad_worker_loop(worker);
    *state = &mine;
    note(app, "worker_start");
    bool is_right = mine.loop != NULL && !toad_worker_is_leaving(worker) &&
                    toad_worker_generation(worker) == mine.application->generation;
    return is_right ? 0 : 1;
}

static void worker_drain(void *state)
{
    const struct worker *worker = state;
    note(worker->application, toad_worker_is_leaving(worker->worker) ? "worker_drain" : "wrong");
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
    struct toad_worker *worker = toad_request_worker(request);
    say("generation=%u\nuptime=%.6f\nrequests=%llu\nconnections=%u\n",
        toad_worker_generation(worker), toad_worker_uptime(worker),
        (unsigned long long)toad_worker_requests(worker), toad_worker_connections(worker));
    say("is_leaving=%d\nhas_kept_its_loop=%d\ndestroyed=%u\n", toad_worker_is_leaving(worker),
        toad_worker_loop(worker) == mine->loop, mine->destroyed);
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

static const char *known(const char *text)
{
    return text == NULL ? "" : text;
}

static void say_tls(const struct toad_request *request)
{
    say("tls_version=%s\ntls_cipher=%s\n", known(toad_tls_version(request)),
        known(toad_tls_cipher(request)));
    say("tls_server_name=%s\ntls_client_subject=%s\n", known(toad_tls_server_name(request)),
        known(toad_tls_client_subject(request)));
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
    say_tls(request);
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

/* ---- Bodies in parts ---- */

struct stream {
    struct toad_request *request;
    struct toad_timer *timer; /* while it pauses */
    unsigned long long size;
    unsigned long long sum;
    bool has_paused;
};

static void pause_is_over(void *data)
{
    struct stream *stream = data;
    stream->timer = NULL;
    toad_body_resume(stream->request);
}

static void part_came(void *state, struct toad_request *request, struct toad_text part)
{
    struct stream *stream = toad_data(request);
    (void)state;
    if (stream->timer != NULL)
        abort(); /* it was to wait */
    for (size_t i = 0; i < part.size; i++)
        stream->sum += (unsigned char)part.data[i];
    stream->size += part.size;
    if (stream->has_paused)
        return;
    stream->has_paused = true;
    toad_body_pause(request);
    stream->timer = toad_timer_start(toad_request_worker(request), A_MOMENT, pause_is_over, stream);
}

static void body_ended(void *state, struct toad_request *request)
{
    const struct stream *stream = toad_data(request);
    uint64_t announced = toad_body_size(request);
    (void)state;
    if (announced == TOAD_SIZE_UNKNOWN)
        say("announced=(unknown)\n");
    else
        say("announced=%llu\n", (unsigned long long)announced);
    say("size=%llu\nsum=%llu\nhas_paused=%d\n", stream->size, stream->sum, stream->has_paused);
    reply_page(request);
}

static void stream_was_cut(void *state, struct toad_request *request)
{
    const struct worker *worker = state;
    const struct stream *stream = toad_data(request);
    if (stream->timer != NULL)
        toad_timer_stop(stream->timer);
    note(worker->application, "stream_was_cut");
}

static void take_stream(void *state, struct toad_request *request)
{
    struct stream *stream = toad_alloc(request, sizeof(*stream));
    (void)state;
    if (stream == NULL)
        abort();
    *stream = (struct stream){.request = request};
    toad_set_data(request, stream, NULL);
    toad_on_abort(request, stream_was_cut);
    toad_body_stream(request, STREAM_SIZE_MAX, part_came, body_ended);
}

/* ---- An answer that begins while the body comes ---- */

static void echo_goes_on(void *request)
{
    toad_body_resume(request);
}

static void echo_part(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    if (toad_write(request, part.data, part.size) != part.size)
        abort();
    toad_body_pause(request);
    if (toad_timer_start(toad_request_worker(request), 0, echo_goes_on, request) == NULL)
        abort();
}

static void echo_ended(void *state, struct toad_request *request)
{
    (void)state;
    toad_end(request);
}

static void echo(void *state, struct toad_request *request)
{
    (void)state;
    toad_body_stream(request, BODY_SIZE_MAX, echo_part, echo_ended);
    toad_start(request, 200, NULL, toad_body_size(request));
}

/* ---- Answers with fields of their own, files, and answers in parts ---- */

static void add_fields(void *state, struct toad_request *request)
{
    bool is_first = toad_add_header(request, "X-Frog", "green");
    bool is_second = toad_add_header(request, "X-Frog", "blue");
    bool is_forbidden = toad_add_header(request, "Content-Length", "7");
    bool is_broken = toad_add_header(request, "X-Toad", "a\r\nX-Newt: b");
    (void)state;
    toad_reply_format(request, 200, "text/plain", "%d %d %d %d", is_first, is_second, is_forbidden,
                      is_broken);
}

static uint64_t number_in(struct toad_request *request, const char *name)
{
    const char *text = toad_parameter(request, name);
    return text == NULL ? TOAD_SIZE_UNKNOWN : strtoull(text, NULL, 10);
}

static void send_file(void *state, struct toad_request *request)
{
    const struct worker *worker = state;
    int fd = open(worker->application->file, O_RDONLY | O_CLOEXEC);
    toad_reply_file(request, 200, "text/x-pond", fd, number_in(request, "offset"),
                    number_in(request, "size"));
}

static const char line[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ\n";

struct parts {
    uint64_t size; /* of all */
    uint64_t sent;
    bool has_waited;
};

static void write_parts(void *state, struct toad_request *request)
{
    struct parts *parts = toad_data(request);
    (void)state;
    while (parts->sent < parts->size) {
        size_t from = (size_t)(parts->sent % (sizeof(line) - 1));
        size_t size = sizeof(line) - 1 - from;
        if (size > parts->size - parts->sent)
            size = (size_t)(parts->size - parts->sent);
        size_t taken = toad_write(request, line + from, size);
        parts->sent += taken;
        if (taken == size)
            continue;
        if (!parts->has_waited)
            toad_log(0, "the client is slow");
        parts->has_waited = true;
        return;
    }
    if (toad_add_trailer(request, "X-Sent", "all"))
        toad_log(0, "the trailer goes with it");
    toad_end(request);
}

static void send_parts(void *state, struct toad_request *request)
{
    struct parts *parts = toad_alloc(request, sizeof(*parts));
    if (parts == NULL)
        abort();
    *parts = (struct parts){.size = number_in(request, "size")};
    toad_set_data(request, parts, NULL);
    toad_start(request, 200, "text/plain",
               toad_parameter(request, "chunked") == NULL ? parts->size : TOAD_SIZE_UNKNOWN);
    toad_on_writable(request, write_parts);
    write_parts(state, request);
}

static void fail(void *state, struct toad_request *request)
{
    (void)state;
    if (number_in(request, "size") != TOAD_SIZE_UNKNOWN) {
        toad_start(request, 200, "text/plain", number_in(request, "size"));
        (void)toad_write(request, line, 10);
    }
    toad_fail(request);
}

/* ---- WebSocket ---- */

static void drained(void *state, struct toad_websocket *ws)
{
    (void)state;
    (void)toad_ws_send(ws, TOAD_WS_TEXT, "drain", 5);
    (void)toad_ws_close(ws, 4000, "drain");
}

static void went(void *state, struct toad_websocket *ws, unsigned code, struct toad_text reason)
{
    unsigned long *count = toad_ws_data(ws);
    const struct worker *worker = state;
    bool is_expected = reason.size == 3 && memcmp(reason.data, "bye", 3) == 0 && code == 1000;
    if (*count > 0)
        note(worker->application, is_expected ? "websocket" : "wrong");
    free(count);
}

/* Counts in front of what it sends back. */
static void heard(void *state, struct toad_websocket *ws, int type, struct toad_text message)
{
    unsigned long *count = toad_ws_data(ws);
    char text[64];
    (void)state;
    if (type == TOAD_WS_TEXT) {
        int size = snprintf(text, sizeof(text), "%lu %s %.*s", ++*count,
                            toad_path(toad_ws_request(ws)), (int)message.size, message.data);
        if (toad_ws_send(ws, type, text, (size_t)size) != (size_t)size + 2)
            abort();
    } else if (!toad_ws_ping(ws, message.data, message.size)) {
        abort();
    }
}

static void writable(void *state, struct toad_websocket *ws)
{
    (void)state;
    (void)ws;
}

static void open_websocket(void *state, struct toad_request *request)
{
    const struct toad_ws_callbacks callbacks = {
        .struct_size = sizeof(callbacks),
        .on_message = heard,
        .on_close = went,
        .on_drain = drained,
        .on_writable = writable,
    };
    (void)state;
    unsigned long *count = calloc(1, sizeof(*count));
    struct toad_websocket *ws =
        count == NULL
            ? NULL
            : toad_ws_accept(request, &callbacks, toad_ws_offers(request, "gold") ? "gold" : NULL);
    if (ws == NULL)
        free(count);
    else
        toad_ws_set_data(ws, count);
}

/* ---- Descriptors and threads ---- */

struct pond {
    struct toad_request *request;
    struct toad_watch *readable;
    struct toad_watch *writable;
    int ends[2];
};

static void pond_has_room(void *data, int fd, unsigned events)
{
    struct pond *pond = data;
    if (fd != pond->ends[1] || events != TOAD_WRITABLE || write(fd, "!", 1) != 1)
        abort();
    toad_watch_stop(pond->writable);
    toad_watch_change(pond->readable, TOAD_READABLE);
}

static void pond_has_water(void *data, int fd, unsigned events)
{
    struct pond *pond = data;
    char byte = 0;
    if (fd != pond->ends[0] || events != TOAD_READABLE || read(fd, &byte, 1) != 1 || byte != '!')
        abort();
    toad_watch_stop(pond->readable);
    (void)close(pond->ends[0]);
    (void)close(pond->ends[1]);
    toad_reply(pond->request, 200, "text/plain", "watched", 7);
    toad_release(pond->request);
}

static void watch_pond(void *state, struct toad_request *request)
{
    struct toad_worker *worker = toad_request_worker(request);
    struct pond *pond = toad_alloc(request, sizeof(*pond));
    (void)state;
    if (pond == NULL || pipe2(pond->ends, O_CLOEXEC | O_NONBLOCK) != 0)
        abort();
    pond->request = request;
    pond->readable = toad_watch_start(worker, pond->ends[0], 0, pond_has_water, pond);
    pond->writable = toad_watch_start(worker, pond->ends[1], TOAD_WRITABLE, pond_has_room, pond);
    if (pond->readable == NULL || pond->writable == NULL)
        abort();
    toad_watch_stop(NULL);
    toad_hold(request);
}

struct sleeper {
    struct toad_request *request;
    struct toad_wakeup *wakeup;
    pthread_t thread;
};

static void *wake(void *data)
{
    toad_wakeup_send(data);
    return NULL;
}

static void woken(void *data)
{
    struct sleeper *sleeper = data;
    (void)pthread_join(sleeper->thread, NULL);
    toad_wakeup_stop(sleeper->wakeup);
    toad_reply(sleeper->request, 200, "text/plain", "woken", 5);
    toad_release(sleeper->request);
}

static void start_thread(void *state, struct toad_request *request)
{
    struct sleeper *sleeper = toad_alloc(request, sizeof(*sleeper));
    sigset_t all;
    sigset_t before;
    (void)state;
    if (sleeper == NULL)
        abort();
    sleeper->request = request;
    sleeper->wakeup = toad_wakeup_start(toad_request_worker(request), woken, sleeper);
    toad_wakeup_stop(NULL);
    toad_hold(request);
    /* Signals are the server's, and not for this thread. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (sleeper->wakeup == NULL ||
        pthread_create(&sleeper->thread, NULL, wake, sleeper->wakeup) != 0)
        abort();
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
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
    {"/stream", take_stream},
    {"/echo", echo},
    {"/add-fields", add_fields},
    {"/file", send_file},
    {"/parts", send_parts},
    {"/fail", fail},
    {"/watch", watch_pond},
    {"/thread", start_thread},
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
    .websocket = open_websocket,
};
