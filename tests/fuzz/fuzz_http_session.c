/* fuzz_http_session - any stream of bytes to a worker, and what it answers.
 *
 * A whole worker serves in this process, on a loop that is turned by hand until it is quiet. Each
 * stream is sent on connections of its own: whole, byte by byte, and in random pieces by a client
 * that reads late; the answers must be the same (promise CON-5) and stand up to answers.h. One more
 * client vanishes in the middle. Nothing may be left of any of them: no connection, no request, no
 * descriptor. */
#include "session_app.h"

#include "../unit/http/cuts.h"
#include "sys/log.h"
#include "worker/worker.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    STREAM_MAX = 40000,
    SINGLE_MAX = 1500, /* longer ones are not sent byte by byte */
    OUTPUT_MAX = 4 << 20,
    TURNS_MAX = 100000,
    NARROW_SIZE = 4608
};

/* How a client sends and reads. */
struct way {
    struct cuts cuts;
    bool is_slow;  /* reads, and has held requests answered, only when nothing else goes on */
    bool vanishes; /* closes in the middle, and reads nothing */
};

static struct worker_settings settings;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_size = sizeof address.sun_family;
static jmp_buf booted;
static bool is_quiet;
static int lowest_fd = -1;
static char output[OUTPUT_MAX];
static char said[3][OUTPUT_MAX];

/* ---- The worker ---- */

static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)loop;
    (void)events;
    is_quiet = true;
    if (idle->data != NULL) {
        idle->data = NULL;
        longjmp(booted, 1);
    }
}

static int open_listener(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    app_demand(fd >= 0 && bind(fd, (struct sockaddr *)&address, address_size) == 0 &&
                   listen(fd, 8) == 0,
               "The listener cannot be opened");
    address_size = sizeof address;
    app_demand(getsockname(fd, (struct sockaddr *)&address, &address_size) == 0, "No name");
    return fd;
}

static int start(void *data, struct toad_worker *worker, void **state)
{
    static ev_idle idle;
    ev_idle_init(&idle, on_idle);
    ev_set_priority(&idle, EV_MINPRI);
    idle.data = &idle;
    ev_idle_start(toad_worker_loop(worker), &idle);
    return app_start(data, worker, state);
}

static int find_lowest_fd(void)
{
    int fd = dup(STDERR_FILENO);
    (void)close(fd);
    return fd;
}

/* As many as before, and nobody else's was closed. */
static void check_descriptors(void)
{
    int fd = find_lowest_fd();
    if (fd != lowest_fd)
        (void)fprintf(stderr, "The next descriptor is %d, not %d\n", fd, lowest_fd);
    app_demand(fd == lowest_fd, "A descriptor is left or lost");
}

/* worker_run() does not come back: once the worker is idle for the first time, its loop is left and
 * turned from outside. */
static void boot(void)
{
    static struct toad_app descriptor;
    int life[2];
    descriptor = app_descriptor;
    descriptor.worker_start = start;
    settings = (struct worker_settings){
        .limits = {.clients = 100},
        .session = {.linger_timeout_us = 3600 * SECOND_US},
        .heartbeat_interval_us = 3600 * SECOND_US,
        .graceful_timeout_us = SECOND_US,
        .app = &descriptor,
        .lock_fd = memfd_create("lock", MFD_CLOEXEC),
        .listener_count = 1,
        .listeners = {{.fd = open_listener()}},
    };
    app_demand(log_open("/dev/null") == ERROR_NONE, "There is no log");
    app_demand(pipe2(life, O_CLOEXEC) == 0, "There is no pipe");
    if (setjmp(booted) == 0)
        (void)worker_run(&settings, open("/dev/null", O_WRONLY | O_CLOEXEC), life[0], -1);
    app_demand(app.worker != NULL && is_quiet, "The worker does not serve");
}

/* Lets the worker do all that it can do now. */
static void settle(void)
{
    is_quiet = false;
    for (unsigned turns = 0; !is_quiet; turns++) {
        app_demand(turns < TURNS_MAX, "The worker does not come to rest");
        (void)ev_run(toad_worker_loop(app.worker), EVRUN_NOWAIT);
    }
}

/* ---- A client ---- */

struct client {
    int fd;
    size_t received; /* bytes of `output` */
    bool has_ended;  /* the server sends no more */
    bool is_cut;     /* the server takes no more */
};

static struct client connect_client(const struct way *way)
{
    struct client client = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    int narrow = NARROW_SIZE;
    int accepted = find_lowest_fd();
    app_demand(client.fd >= 0 && connect(client.fd, (struct sockaddr *)&address, address_size) == 0,
               "The worker cannot be reached");
    settle();
    app_demand(toad_worker_connections(app.worker) == 1, "The worker does not accept");
    if (way->is_slow)
        app_demand(setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &narrow, sizeof narrow) == 0,
                   "The connection has another descriptor");
    return client;
}

/* False if there was nothing. */
static bool receive(struct client *client)
{
    if (client->has_ended)
        return false;
    app_demand(client->received < OUTPUT_MAX, "There are too many answers");
    ssize_t size = recv(client->fd, output + client->received, OUTPUT_MAX - client->received, 0);
    if (size > 0)
        client->received += (size_t)size;
    else if (size == 0 || errno == ECONNRESET)
        client->has_ended = true;
    return size > 0;
}

/* Everything that can happen without more input has happened behind this. */
static void exhaust(struct client *client)
{
    bool goes_on = true;
    while (goes_on) {
        settle();
        goes_on = app_release();
        while (receive(client))
            goes_on = true;
    }
}

static bool send_some(struct client *client, struct bytes *rest)
{
    ssize_t sent = send(client->fd, rest->data, rest->size, MSG_NOSIGNAL);
    if (sent > 0)
        *rest = bytes_from(*rest, (size_t)sent);
    else
        client->is_cut = errno != EAGAIN;
    return sent > 0;
}

static void send_piece(struct client *client, const struct way *way, struct bytes piece)
{
    for (bool is_stuck = false; piece.size > 0 && !client->is_cut;) {
        bool is_sent = send_some(client, &piece);
        if (!is_sent && way->vanishes)
            return;
        app_demand(is_sent || client->is_cut || !is_stuck, "The worker does not read");
        if (is_sent && (way->is_slow || way->vanishes))
            settle();
        else
            exhaust(client);
        is_stuck = !is_sent;
    }
}

/* Whoever waits has its answers before the client ends its half; only a refusal may come behind
 * that, and then nothing may be left. */
static void finish(struct client *client, struct answers *answers)
{
    exhaust(client);
    app_demand(client->has_ended || !app_has_cut(),
               "The connection goes on behind a part of an answer");
    size_t received = client->received;
    bool has_ended = client->has_ended;
    (void)shutdown(client->fd, SHUT_WR);
    exhaust(client);
    has_ended = has_ended || client->received > received;
    app_demand(client->has_ended, "The worker does not close");
    answers->output = (struct bytes){output, client->received};
    answers->asked = app.asked;
    answers->asked_count = app.asked_count;
    answers_read(answers, has_ended);
}

static void vanish(const struct client *client)
{
    settle();
    (void)close(client->fd);
    do
        settle();
    while (app_release());
}

/* Sends the stream; looks at the answers, unless the client vanishes. */
static void play(struct way way, struct bytes stream, struct answers *answers)
{
    app_forget();
    struct client client = connect_client(&way);
    size_t most = way.vanishes ? stream.size / 2 + 1 : stream.size;
    for (size_t sent = 0; sent < most && !client.is_cut;) {
        size_t size = cuts_next(&way.cuts, most - sent);
        send_piece(&client, &way, bytes_first(bytes_from(stream, sent), size));
        sent += size;
    }
    if (way.vanishes) {
        vanish(&client);
    } else {
        finish(&client, answers);
        (void)close(client.fd);
        settle();
    }
    app_demand(toad_worker_connections(app.worker) == 0, "A connection is left");
    app_demand(app.living == 0, "A request is left");
    check_descriptors();
}

/* ---- Judgement ---- */

static size_t count_of(struct bytes stream, struct bytes part)
{
    size_t count = 0;
    for (size_t i = 0; i < stream.size; i++)
        count += bytes_start_with(bytes_from(stream, i), part) ? 1 : 0;
    return count;
}

/* An answer that does not wait for the body may end the connection, or may not. */
static bool is_early(void)
{
    for (size_t i = 0; i < app.asked_count; i++)
        if (app.asked[i].is_early)
            return true;
    return false;
}

static void judge(const struct answers *whole, const struct answers *other, struct bytes stream)
{
    app_demand(other->asked_count <= count_of(stream, BYTES("HTTP/1.")),
               "There are more requests than versions");
    struct bytes expected = buffer_view(&whole->said);
    struct bytes seen = buffer_view(&other->said);
    if (is_early() || bytes_equal(expected, seen))
        return;
    (void)fprintf(stderr, "Cut in pieces it is answered with\n%.*s\ninstead of\n%.*s\n",
                  (int)seen.size, seen.data, (int)expected.size, expected.data);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > STREAM_MAX)
        return 0;
    if (app.worker == NULL)
        boot();
    /* libFuzzer opens some of its own between two inputs. */
    lowest_fd = find_lowest_fd();
    struct bytes stream = {(const char *)data, size};
    /* The size doubles as the seed: the same input is always cut in the same way. */
    const struct way ways[] = {
        {.cuts = {.first = size}},
        {.cuts = size > SINGLE_MAX ? (struct cuts){.seed = size}
                                   : (struct cuts){.first = 1, .rest = 1}},
        {.cuts = {.seed = size * 977 + data[size / 2]}, .is_slow = true},
        {.cuts = {.seed = size * 31 + data[0]}, .vanishes = true},
    };
    settings.message_max_bytes = size % 3 == 0 ? 20 : STREAM_MAX;
    settings.session.keep_alive_requests = size % 5 == 0 ? 3 : 0;
    settings.session.keep_alive_timeout_us = size % 2 == 0 ? 3600 * SECOND_US : 0;
    struct answers answers[sizeof ways / sizeof ways[0]] = {0};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        answers[i].has_head = count_of(stream, BYTES("HEAD")) > 0;
        if (!ways[i].vanishes)
            buffer_init(&answers[i].said, said[i], OUTPUT_MAX);
        play(ways[i], stream, &answers[i]);
        if (!ways[i].vanishes)
            judge(&answers[0], &answers[i], stream);
    }
    return 0;
}
