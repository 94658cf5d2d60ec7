/* hypnotoad.h - what an application for Hypnotoad sees of its server.
 *
 * An application is a shared object that exports one constant, `toad_app`:
 *
 *     static void hello(void *state, struct toad_request *request)
 *     {
 *         (void)state;
 *         toad_reply(request, 200, "text/plain", "Hello World", 11);
 *     }
 *
 *     const struct toad_app toad_app = {TOAD_APP_HEADER, .name = "hello", .request = hello};
 *
 * Build it with `cc -shared -fPIC -o hello.so hello.c` and run `hypnotoad ./hello.so`. The
 * functions below are found in the server when it loads the application; there is no library to
 * link. The header compiles as C11 and as C++17.
 *
 * Everything that belongs to one worker happens on one thread: callbacks never run at the same
 * time, and no function here may be called from another thread. A callback that blocks stops its
 * worker from serving. */
#ifndef HYPNOTOAD_H
#define HYPNOTOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOAD_ABI_MAJOR 1
#define TOAD_ABI_MINOR 0

/* The first members of every application's descriptor. */
#define TOAD_APP_HEADER                                                                            \
    (uint32_t)sizeof(struct toad_app), (uint16_t)TOAD_ABI_MAJOR, (uint16_t)TOAD_ABI_MINOR

struct toad_host;    /* the server process that loads the application */
struct toad_config;  /* what the configuration says to the application */
struct toad_worker;  /* one worker process */
struct toad_request; /* one request and its answer */
struct toad_timer;   /* something that is due once */

/* What an application is. Members that are not named are NULL and mean: nothing to do. A server
 * accepts a descriptor of its own major version and of no later minor version than its own; members
 * beyond struct_size count as NULL (promise APP-2). */
struct toad_app {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    const char *name;

    /* Checks what can be checked without side effects, at `--test` and before each start. 0: fine;
     * otherwise `problem`, of `problem_size` bytes, says in one line what is wrong, and the server
     * does not start. */
    int (*check)(const struct toad_config *config, char *problem, size_t problem_size);

    /* Once in the manager of each generation, before its workers are forked: what it prepares in
     * memory is shared by all.
     * `*app` is handed to worker_start. Not 0: the server does not start. */
    int (*init)(struct toad_host *host, const struct toad_config *config, void **app);
    /* Once in the manager when it ends. */
    void (*fini)(void *app);

    /* Once in each worker, before it serves. `*state` is handed to every later callback. Not 0: the
     * worker ends, and a server that is just starting does not start. */
    int (*worker_start)(void *app, struct toad_worker *worker, void **state);
    /* The worker was asked to leave: it accepts nothing any more and serves what it has. */
    void (*worker_drain)(void *state);
    /* Once in each worker that leaves gracefully, after its last connection. */
    void (*worker_stop)(void *state);

    /* The head of a request is complete. Answer now with toad_reply(), ask for the body with
     * toad_body_all(), or keep the request with toad_hold() and answer later. A request that is
     * left without any of these is answered with 500. */
    void (*request)(void *state, struct toad_request *request);
};

/* ---- The host and the worker ---- */

/* The application's own option `name` of the setting `app`, such as
 * `app => {root => '/srv/www'}`; NULL if it is not there. Lives as long as the process. */
const char *toad_config_option(const struct toad_config *config, const char *name);
/* How many of these options there are. */
size_t toad_config_option_count(const struct toad_config *config);
/* The name of the option at `index`, from 0; NULL past the last one. An application that refuses in
 * `check` what it does not know spares its users a search for a misspelt name. */
const char *toad_config_option_name(const struct toad_config *config, size_t index);
/* The directory of the application, absolute, without a slash at its end (but "/" itself). */
const char *toad_config_directory(const struct toad_config *config);
/* The value of MOJO_MODE, "production" unless somebody chose another one (promise CFG-10). */
const char *toad_config_mode(const struct toad_config *config);

/* Which generation of the program this is: 1, and one more with every hot deployment. */
unsigned toad_host_generation(const struct toad_host *host);

/* The server's version, such as "1.2.3". Static. */
const char *toad_version(void);

/* Which generation of the program this is: 1, and one more with every hot deployment. */
unsigned toad_worker_generation(const struct toad_worker *worker);
/* Seconds since this generation's manager started. */
double toad_worker_uptime(const struct toad_worker *worker);
/* Requests that this worker has read so far. */
uint64_t toad_worker_requests(const struct toad_worker *worker);
/* Connections that are open in this worker. */
unsigned toad_worker_connections(const struct toad_worker *worker);
/* Writes one line to the server's log. `level` is 0 information, 1 warning, 2 error; control bytes
 * are shown as `?`. */
void toad_log(int level, const char *text);

/* ---- Reading a request ----
 * Texts belong to the request and live until its callback returns or, for a request that is held or
 * waits for its body, until it is released. They end in a NUL that `size` members do not count. */

struct toad_text {
    const char *data;
    size_t size;
};

/* Such as "GET", as the client sent it. */
const char *toad_method(const struct toad_request *request);
/* As the client sent it, with its query. */
const char *toad_target(const struct toad_request *request);
/* Without the query, percent-decoded: "/a b" for "/a%20b". A path that decodes to a NUL byte or is
 * malformed never gets here. */
const char *toad_path(const struct toad_request *request);
/* Behind the first `?`, still encoded; "" if there is none. */
const char *toad_query(const struct toad_request *request);
/* The decoded value of the first query parameter of that name, or NULL; it lives as long as the
 * request. */
const char *toad_parameter(struct toad_request *request, const char *name);
/* "1.1" or "1.0". */
const char *toad_http_version(const struct toad_request *request);
/* "http" or "https": what the client used, if a reverse proxy that is believed says so (promise
 * CON-9). */
const char *toad_scheme(const struct toad_request *request);
/* The authority that the client asked for, such as "example.org:8080"; "" if it named none. Behind
 * a reverse proxy that is believed: what the client asked the proxy for. */
const char *toad_host_name(const struct toad_request *request);
/* The first header field of that name, without regard to case, or NULL. */
const char *toad_header(const struct toad_request *request, const char *name);
/* How many header fields there are. */
size_t toad_header_count(const struct toad_request *request);
/* The field at `index`, from 0, in the order in which they came. False past the last one. */
bool toad_header_at(const struct toad_request *request, size_t index, struct toad_text *name,
                    struct toad_text *value);
/* The client's address, such as "127.0.0.1" or "::1"; behind a reverse proxy that is believed, the
 * one that it names. */
const char *toad_remote_address(const struct toad_request *request);
/* Its port; 0 where a proxy names an address without one. */
unsigned toad_remote_port(const struct toad_request *request);
/* Who is at the other end of the connection, whatever a proxy says. */
const char *toad_peer_address(const struct toad_request *request);
/* The address at which the connection was accepted; "" if this or its port is asked for the first
 * time once the request was answered. */
const char *toad_local_address(const struct toad_request *request);
/* Its port; 0 where the address is "". */
unsigned toad_local_port(const struct toad_request *request);
/* 1 for the first request of its connection. */
uint64_t toad_request_number(const struct toad_request *request);
/* The worker that serves the request. */
struct toad_worker *toad_request_worker(const struct toad_request *request);

/* Memory that lives as long as the request, aligned for any type; NULL if there is none. */
void *toad_alloc(struct toad_request *request, size_t size);
/* A pointer of the application's own, and what is called with it when the request ends; NULL for
 * nothing. */
void toad_set_data(struct toad_request *request, void *data, void (*destroy)(void *data));
/* What toad_set_data() was given, or NULL. */
void *toad_data(const struct toad_request *request);

/* ---- Reading its body ---- */

/* Calls `callback` once the whole body is there, at once if it is there already. A body above
 * `size_max` bytes, or above the server's message_max, is refused with 413, and the callback is not
 * called. `body` lives until the callback returns, or as long as the request if it is held. Calling
 * it twice is a mistake that is logged and does nothing. */
void toad_body_all(struct toad_request *request, size_t size_max,
                   void (*callback)(void *state, struct toad_request *request,
                                    struct toad_text body));

/* ---- Answering ---- */

/* The whole answer. `type` is the Content-Type, NULL for none; the data is copied. HEAD requests
 * and statuses without a body (204, 304) get their head alone. Answering twice is a mistake that is
 * logged and does nothing; answering a client that has gone does nothing. A status outside 200 to
 * 599, or a type with a control byte, becomes a logged 500. */
void toad_reply(struct toad_request *request, int status, const char *type, const void *data,
                size_t size);

/* As toad_reply() with a printf format; the text may have at most 64 KiB. */
#ifdef __GNUC__
__attribute__((format(printf, 4, 5)))
#endif
void
toad_reply_format(struct toad_request *request, int status, const char *type, const char *format,
                  ...);

/* Keeps the request beyond its callback, so that it can be answered later. Each hold wants one
 * release; a request that was released for the last time without an answer is answered with 500. */
void toad_hold(struct toad_request *request);
/* Undoes one hold; the request is not to be used any more, unless it is held once more. */
void toad_release(struct toad_request *request);

/* `callback` is called exactly once if the client goes away, or the server gives up, before the
 * answer; never after it. A held request must still be released. */
void toad_on_abort(struct toad_request *request,
                   void (*callback)(void *state, struct toad_request *request));

/* ---- Time ---- */

/* Calls `callback` once, in `seconds` at the earliest. NULL if there is no memory or `seconds` is
 * not a number from 0 to 10^9. */
struct toad_timer *toad_timer_start(struct toad_worker *worker, double seconds,
                                    void (*callback)(void *data), void *data);
/* Forgets a timer that has not called back yet; the pointer is not valid any more, as after its
 * callback. */
void toad_timer_stop(struct toad_timer *timer);

#ifdef __cplusplus
}
#endif

/* The descriptor that the application defines. */
#ifdef __cplusplus
extern "C"
#else
extern
#endif
    const struct toad_app toad_app;

#endif
