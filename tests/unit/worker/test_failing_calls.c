/* A whole life of a worker, from its start over requests of every kind to QUIT, in which every call
 * that can fail does, one after the other. */
#include "client.h"
#include "played.h"
#include "served.h"
#include "talk.h"
#include "tunnel.h"

#include "kit/faulty.h"
#include "kit/folder.h"
#include "tls/tls_context.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(failing_calls, .init = served_open, .fini = served_close);

enum {
    NEVER = 0,
    ONCE = FAULTY_ONCE,
    BOTH = FAULTY_ONCE | FAULTY_FROM_THEN_ON,
    INTERRUPTED = FAULTY_INTERRUPTED,
    SHORT = FAULTY_SHORT,
    CALLS_MAX = 200,
};

/* What fails, which ways it ends the start, and which ways the worker survives; a way that stands
 * in both may end either way. */
struct row {
    enum faulty_call call;
    unsigned fails;
    unsigned survives;
    const char *says; /* stands in the log; NULL: nothing is lost that anybody must know of */
};

static struct {
    enum faulty_call call;
    enum faulty_way way;
    unsigned at;
} fault;

static void arm(void)
{
    faulty_arm(fault.call, fault.way, fault.at, FAULTY_HERE);
}

static const struct tls_context *context;

static struct worker_settings life_settings(void)
{
    static char path[1024];
    struct worker_settings settings = served_settings();
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
    settings.listeners[0].context = context;
    settings.is_detached = true;
    settings.session.linger_timeout_us = 20 * MILLISECOND_US;
    return settings;
}

static void ask(const char *request)
{
    int fd = client_connect();
    client_send(fd, request);
    (void)client_skip_answer(fd);
    (void)close(fd);
}

/* Requests of every kind, each on a connection of its own, so that each is made whatever became of
 * the others. */
static void ask_everything(void)
{
    static char large[30000];
    ask(GET("/"));
    ask(GET("/show?a+b=1&flag"));
    ask(GET("/later"));
    ask("NONSENSE\r\n\r\n");
    (void)snprintf(large, sizeof large,
                   "POST /body HTTP/1.1\r\nHost: h\r\nX: %09000d\r\nContent-Length: 10000\r\n\r\n"
                   "%010000d",
                   0, 0);
    ask(large);
    ask(GET("/too-long"));
    int fd = client_connect_narrow();
    client_send(fd, POST("/body", "3"));
    client_send(fd, "ab");
    client_send(fd, "c" GET("/large-later") GET("/large") "GET / HTTP/1.1\r\nHost: h\r\n");
    client_send(fd, "Connection: close\r\n\r\n");
    while (client_skip_answer(fd))
        continue;
    (void)close(fd);
}

/* Sends it over a connection of its own and takes what comes until the end. */
static void ask_to_the_end(int fd, const char *request)
{
    client_send(fd, request);
    client_await_end(fd);
}

#define CLOSING(path)                                                                              \
    "GET " path " HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: close\r\n\r\n"
#define CHUNKED(path)                                                                              \
    "POST " path " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"

/* The same for what comes and goes in parts, and for what the loop does for the application. */
static void ask_in_parts(void)
{
    static const char *const paths[] = {
        CLOSING("/parts"),
        CLOSING("/parts-sized"),
        CLOSING("/parts-slowly"),
        CLOSING("/parts-later"),
        CLOSING("/trailers"),
        CLOSING("/fields-many"),
        CLOSING("/fail"),
        CLOSING("/watch"),
        CLOSING("/wakeup"),
        CLOSING("/loop"),
        "GET /fail HTTP/1.0\r\n\r\n",
        CLOSING("/file?bytes=9&size=9"),
    };
    static char large[40000];
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        ask_to_the_end(client_connect(), paths[i]);
    ask_to_the_end(client_connect_narrow(), CLOSING("/flood?bytes=700000&most=100000"));
    ask_to_the_end(client_connect_narrow(), CLOSING("/file?bytes=500000&size=500000"));
    ask_to_the_end(client_connect(), CHUNKED("/sink-slowly") "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
    (void)snprintf(large, sizeof large, CHUNKED("/echo") "7530\r\n%030000d\r\n0\r\n\r\n", 0);
    ask_to_the_end(client_connect(), large);
}

/* One opening, if it is answered with 101, and frames; whatever comes back is taken. */
static void talk(const char *opening, const char *frames)
{
    int fd = client_connect();
    client_send(fd, opening);
    if (client_has(client_until(fd, "\r\n\r\n"), " 101 "))
        talk_send(fd, frames);
    client_finish(fd);
    client_await_end(fd);
}

#define DEFLATE "Sec-WebSocket-Extensions: permessage-deflate\r\n"

static void ask_websockets(void)
{
    talk(OPENING("/ws"), "text:one | text-:t | ping:p | more:wo | binary:x*70000 | close:1000,bye");
    talk(OPENING("/ws"), "text:half- | op3:x");
    talk(OPENING_WITH("/ws-later", DEFLATE), "text1:%f2%48%cd%c9%c9%07%00 | text:y*1000 | close:");
    talk(OPENING("/ws"), "text:!f 100 | text:!l | close:");
    talk(OPENING("/ws"), "text:!c 4000 | close:");
    talk(OPENING("/ws-unoffered"), "");
}

static void (*ask_all)(void) = ask_everything;

/* One life; false if it did not come to the `at`-th call. */
static bool attempt(const struct row *row)
{
    char place[128];
    (void)snprintf(place, sizeof place, "%s() number %u fails %s", faulty_call_text(fault.call),
                   fault.at, faulty_way_text(fault.way));
    served_begin_anew();
    struct worker_settings settings = life_settings();
    served_start(&settings);
    ask_all();
    (void)kill(worker, SIGUSR1);
    ask(GET("/log"));
    (void)kill(worker, SIGQUIT);
    int status = served_end();
    bool has_struck = faulty_disarm() > 0;
    const char *log = folder_read("log");
    if (!has_struck)
        cr_expect_eq(status, 0, "%s: it was not disturbed: %s", place, log);
    else if (status == 0)
        cr_expect((row->survives & fault.way) != 0, "%s: it must fail", place);
    else
        cr_expect(status == 1 && (row->fails & fault.way) != 0, "%s: it ended with %d\n%s", place,
                  status, log);
    bool is_told = row->says == NULL || (strstr(log, "] error ") && strstr(log, row->says));
    cr_expect(!has_struck || is_told, "%s: it does not say so\n%s", place, log);
    cr_expect(strstr(log, "Success") == NULL, "%s: %s", place, log);
    return has_struck;
}

static void run_rows(const struct row *rows, size_t count)
{
    /* The plan must be there before the worker shares it. */
    faulty_arm(FAULTY_fork, FAULTY_ONCE, CALLS_MAX, FAULTY_HERE);
    (void)faulty_disarm();
    served_prologue = arm;
    for (size_t i = 0; i < count; i++)
        for (unsigned way = 1; way < FAULTY_WAYS; way *= 2) {
            if (((rows[i].fails | rows[i].survives) & way) == 0)
                continue;
            fault.call = rows[i].call;
            fault.way = (enum faulty_way)way;
            served_skips_leaks = rows[i].says == NULL && way != FAULTY_ONCE;
            fault.at = 1;
            while (fault.at < CALLS_MAX && attempt(&rows[i]))
                fault.at++;
            cr_expect_gt(fault.at, 1, "it never calls %s()", faulty_call_text(fault.call));
            cr_expect_lt(fault.at, CALLS_MAX);
        }
}

#define RUN_ROWS(rows) run_rows(rows, sizeof(rows) / sizeof((rows)[0]))

Test(failing_calls, of_memory)
{
    static const struct row rows[] = {
        {FAULTY_malloc, BOTH, BOTH, "memory"},
        {FAULTY_calloc, NEVER, BOTH, "memory"},
        {FAULTY_realloc, NEVER, BOTH, "memory"},
    };
    RUN_ROWS(rows);
}

Test(failing_calls, of_files_and_the_loop)
{
    static const struct row rows[] = {
        {FAULTY_open, BOTH, BOTH, "open"},
        {FAULTY_dup2, BOTH, BOTH, "streams"}, /* at its start, and when it opens its log anew */
        {FAULTY_ev_loop_new, BOTH, NEVER, "event loop"},
        {FAULTY_flock, NEVER, BOTH | INTERRUPTED, NULL},
        {FAULTY_accept4, NEVER, INTERRUPTED, NULL},
        {FAULTY_poll, NEVER, BOTH | INTERRUPTED, NULL}, /* a log that takes nothing, and the gate */
    };
    RUN_ROWS(rows);
}

/* A connection that breaks is the client's business, not the administrator's. */
Test(failing_calls, of_reading)
{
    static const struct row rows[] = {
        {FAULTY_read, NEVER, BOTH | INTERRUPTED, NULL},
        {FAULTY_shutdown, NEVER, BOTH, NULL},
    };
    RUN_ROWS(rows);
}

/* Promise OBS-3: a log that cannot be written stops nobody. */
Test(failing_calls, of_writing)
{
    static const struct row rows[] = {
        {FAULTY_write, NEVER, BOTH | INTERRUPTED | SHORT, NULL},
        {FAULTY_writev, NEVER, BOTH | INTERRUPTED, NULL},
    };
    RUN_ROWS(rows);
}

/* Promise WRK-7: a signal that cannot be ignored is one of the kernel's, not of ours. */
Test(failing_calls, of_signals)
{
    static const struct row rows[] = {
        {FAULTY_sigprocmask, NEVER, BOTH, NULL},
    };
    RUN_ROWS(rows);
}

Test(failing_calls, of_memory_for_parts)
{
    static const struct row rows[] = {
        {FAULTY_malloc, BOTH, BOTH, "memory"},
        {FAULTY_realloc, NEVER, BOTH, "memory"},
    };
    ask_all = ask_in_parts;
    RUN_ROWS(rows);
}

Test(failing_calls, of_memory_for_websockets)
{
    static const struct row rows[] = {
        {FAULTY_malloc, BOTH, BOTH, "memory"},
        {FAULTY_calloc, NEVER, BOTH, "memory"},
        {FAULTY_realloc, NEVER, BOTH, "memory"},
    };
    ask_all = ask_websockets;
    RUN_ROWS(rows);
}

Test(failing_calls, of_moving_messages)
{
    static const struct row rows[] = {
        {FAULTY_read, NEVER, BOTH | INTERRUPTED, NULL},
        {FAULTY_write, NEVER, BOTH | INTERRUPTED | SHORT, NULL},
        {FAULTY_writev, NEVER, BOTH | INTERRUPTED, NULL},
    };
    ask_all = ask_websockets;
    RUN_ROWS(rows);
}

Test(failing_calls, of_moving_parts)
{
    static const struct row rows[] = {
        {FAULTY_read, NEVER, BOTH | INTERRUPTED, NULL},
        {FAULTY_write, NEVER, BOTH | INTERRUPTED | SHORT, NULL},
        {FAULTY_writev, NEVER, BOTH | INTERRUPTED, NULL},
    };
    ask_all = ask_in_parts;
    RUN_ROWS(rows);
}

Test(failing_calls, of_sending_files)
{
    static const struct row rows[] = {
        {FAULTY_sendfile, NEVER, BOTH, "cannot be sent to its end: Input/output error"},
        {FAULTY_sendfile, NEVER, INTERRUPTED, NULL},
        {FAULTY_setsockopt, NEVER, BOTH, NULL},
    };
    ask_all = ask_in_parts;
    RUN_ROWS(rows);
}

/* Both, and who does not speak TLS. */
static void ask_within_tls(void)
{
    client_wrap = tunnel_open;
    ask(GET("/"));
    ask_to_the_end(client_connect(), CLOSING("/flood?bytes=200000&most=100000"));
    ask_to_the_end(client_connect(), CLOSING("/file?bytes=50000&size=50000"));
    ask_to_the_end(client_connect(), CLOSING("/parts-later"));
    client_wrap = NULL;
    ask_to_the_end(client_connect(), GET("/"));
    ask_to_the_end(client_connect(), "\x16no handshake");
    ask_to_the_end(client_connect(), "\x01");
}

/* What the library does by itself fails in its own tests. */
Test(failing_calls, within_tls)
{
    static const struct row rows[] = {
        {FAULTY_malloc, BOTH, BOTH, "memory"},
        {FAULTY_calloc, NEVER, BOTH, "memory"},
        {FAULTY_recv, NEVER, BOTH | INTERRUPTED, NULL},
        {FAULTY_shutdown, NEVER, BOTH, NULL},
    };
    struct tls_context *own = tunnel_context();
    context = own;
    ask_all = ask_within_tls;
    RUN_ROWS(rows);
    tunnel_close_all();
    tls_context_close(own);
}
