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
 * time, and no function here but toad_wakeup_send() may be called from another thread. A callback
 * that blocks stops its worker from serving. */
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

struct toad_host;      /* the server process that loads the application */
struct toad_config;    /* what the configuration says to the application */
struct toad_worker;    /* one worker process */
struct toad_request;   /* one request and its answer */
struct toad_timer;     /* something that is due once */
struct toad_watch;     /* a descriptor of the application's that is watched */
struct toad_wakeup;    /* a way for other threads to call the worker's */
struct toad_websocket; /* one WebSocket connection */
struct ev_loop;        /* libev's; see toad_worker_loop() */

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

    /* A request opens a WebSocket, and does it well: what does not is refused by the server (400,
     * 405, 426). Say toad_ws_accept(), or refuse with any ordinary answer, now or, with
     * toad_hold(), later. An application without this member gets such requests in `request`, as
     * any other, and cannot accept them. */
    void (*websocket)(void *state, struct toad_request *request);
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
/* It was asked to leave (see worker_drain). */
bool toad_worker_is_leaving(const struct toad_worker *worker);
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
/* "https" if the connection has TLS, otherwise "http"; behind a reverse proxy that is believed,
 * what the client used there, if it says so (promise CON-9). */
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
 * one that it names; "" over a UNIX domain socket. */
const char *toad_remote_address(const struct toad_request *request);
/* Its port; 0 where it has none, or a proxy names none. */
unsigned toad_remote_port(const struct toad_request *request);
/* Who is at the other end of the connection, whatever a proxy says. */
const char *toad_peer_address(const struct toad_request *request);
/* The address at which the connection was accepted; "" if it has none, or if this or its port is
 * asked for the first time once the request was answered. */
const char *toad_local_address(const struct toad_request *request);
/* Its port; 0 where the address is "". */
unsigned toad_local_port(const struct toad_request *request);
/* The version of TLS, such as "TLSv1.3"; NULL without TLS, whatever a proxy says. This and the next
 * three are NULL as well if they are asked for the first time once the request was answered. */
const char *toad_tls_version(const struct toad_request *request);
/* The cipher suite, such as "TLS_AES_128_GCM_SHA256" or "ECDHE-RSA-AES128-GCM-SHA256". */
const char *toad_tls_cipher(const struct toad_request *request);
/* The name that the client asked for when the connection began (SNI), or NULL. */
const char *toad_tls_server_name(const struct toad_request *request);
/* The subject of the client's certificate, such as "CN=Alice,O=Example" (RFC 4514); NULL if it has
 * shown none that the listener's ca has certified. */
const char *toad_tls_client_subject(const struct toad_request *request);
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

/* ---- Reading its body ----
 * Ask for it once, in one of two ways. A client that waits for `100 Continue` gets it then; one
 * whose request is answered without its body does not. A body that is malformed, too large or cut
 * off ends the request: the server answers what can be answered, and toad_on_abort() tells. */

/* Calls `callback` once the whole body is there, at once if it is there already. A body above
 * `size_max` bytes, or above the server's message_max, is refused with 413, and the callback is not
 * called. `body` lives until the callback returns, or as long as the request if it is held. */
void toad_body_all(struct toad_request *request, size_t size_max,
                   void (*callback)(void *state, struct toad_request *request,
                                    struct toad_text body));

/* Calls `on_part` with each part of the body as it comes, and `on_end` (NULL: nobody wants to know)
 * once behind the last one; both perhaps before this returns. A part lives until the callback
 * returns. `size_max` is as in toad_body_all(), but a chunked body may break it after parts of it
 * were handed over. No part is kept by the server: what the application does not want yet stays
 * with the client (toad_body_pause()). */
void toad_body_stream(struct toad_request *request, uint64_t size_max,
                      void (*on_part)(void *state, struct toad_request *request,
                                      struct toad_text part),
                      void (*on_end)(void *state, struct toad_request *request));
/* No part is handed over before toad_body_resume(); TCP tells the client to wait. Both may be
 * called within on_part, and any number of times. */
void toad_body_pause(struct toad_request *request);
/* Goes on after toad_body_pause(); without one it does nothing. */
void toad_body_resume(struct toad_request *request);

/* The size that the client announced; TOAD_SIZE_UNKNOWN for a chunked body, 0 for none. */
uint64_t toad_body_size(const struct toad_request *request);

#define TOAD_SIZE_UNKNOWN UINT64_MAX

/* ---- Answering ----
 * Every request wants one answer: whole (toad_reply() and its kin) or in parts (toad_start(),
 * toad_write(), toad_end()). HEAD requests and statuses without a body (204, 304) get their head
 * alone, whatever is written. A second answer is a mistake that is logged and does nothing; an
 * answer to a client that has gone does nothing. A status outside 200 to 599, or a type with a
 * control byte, becomes a logged 500. */

/* Adds a header field to the answer, before it begins; the same name again adds a second field.
 * Both are copied. False, and a line in the log, for a name that is not a token, a value with CR,
 * LF, NUL or another control byte but TAB (promise CON-10), a field that is the server's own
 * business (Connection, Content-Length, Date, Keep-Alive, Sec-WebSocket-Accept, -Extensions and
 * -Protocol, Trailer, Transfer-Encoding, Upgrade), an answer that has begun, or more fields than
 * fit into TOAD_FIELDS_SIZE_MAX bytes. */
bool toad_add_header(struct toad_request *request, const char *name, const char *value);

#define TOAD_FIELDS_SIZE_MAX 16384

/* The whole answer. `type` is the Content-Type, NULL for none; the data is copied. */
void toad_reply(struct toad_request *request, int status, const char *type, const void *data,
                size_t size);

/* As toad_reply() with a printf format; the text may have at most 64 KiB. */
#ifdef __GNUC__
__attribute__((format(printf, 4, 5)))
#endif
void
toad_reply_format(struct toad_request *request, int status, const char *type, const char *format,
                  ...);

/* As toad_reply() with `size` bytes of the regular file `fd` from `offset` on, which the kernel
 * sends; the server closes `fd`, whatever comes of it. A file that has become too short cuts the
 * connection, so that the client notices. */
void toad_reply_file(struct toad_request *request, int status, const char *type, int fd,
                     uint64_t offset, uint64_t size);

/* Begins an answer in parts, and keeps the request, without toad_hold(), until toad_end() or the
 * abort callback. `size` is the body's, which then must be written to the byte, or
 * TOAD_SIZE_UNKNOWN: the body is chunked, or for HTTP/1.0 ends with the connection. */
void toad_start(struct toad_request *request, int status, const char *type, uint64_t size);

/* Takes what there is room for and says how much that was; it is copied. Less than `size`: the
 * client is slow; go on when toad_on_writable() calls. 0 as well once the client has gone. */
size_t toad_write(struct toad_request *request, const void *data, size_t size);

/* `callback` is called whenever there is room again after toad_write() took less than it was given,
 * until the answer ends; NULL: nobody wants to know. */
void toad_on_writable(struct toad_request *request,
                      void (*callback)(void *state, struct toad_request *request));

/* Adds a trailer field, between toad_start() and toad_end(), with the rules of toad_add_header().
 * It is sent if the body is chunked and the client takes trailers (RFC 9110 6.5.1), and true if so.
 */
bool toad_add_trailer(struct toad_request *request, const char *name, const char *value);

/* The answer is complete; the request is not to be used any more unless it is held. Fewer bytes
 * than toad_start() announced are a mistake that is logged and cuts the connection. */
void toad_end(struct toad_request *request);

/* Gives up an answer that has begun: the connection is cut, so that the client notices. Before it
 * has begun this answers with 500. */
void toad_fail(struct toad_request *request);

/* Keeps the request beyond its callback, so that it can be answered later. Each hold wants one
 * release; a request that was released for the last time without an answer is answered with 500. */
void toad_hold(struct toad_request *request);
/* Undoes one hold; the request is not to be used any more, unless it is held once more. */
void toad_release(struct toad_request *request);

/* `callback` is called exactly once if the client goes away, or the server gives up, before the
 * answer is complete; never after it. A held request must still be released. */
void toad_on_abort(struct toad_request *request,
                   void (*callback)(void *state, struct toad_request *request));

/* ---- WebSocket ----
 * A connection that was accepted lives until on_close returns; the worker counts it as one
 * connection all the time. Pings are answered, messages are put together, inflated and, if they
 * are text, seen to be UTF-8 before the application gets them; whoever breaks a rule or a limit
 * (the setting websocket_max) is closed. */

#define TOAD_WS_TEXT 1
#define TOAD_WS_BINARY 2

/* What happens on one connection. Members that are not named are NULL: nobody wants to know. */
struct toad_ws_callbacks {
    size_t struct_size; /* sizeof(struct toad_ws_callbacks) */
    /* A whole message came; `type` is TOAD_WS_TEXT or TOAD_WS_BINARY. Its bytes live until the
     * callback returns, and no NUL follows them. */
    void (*on_message)(void *state, struct toad_websocket *ws, int type, struct toad_text message);
    /* Exactly once, at the end, however it came: the code and reason of the client's close (1005: a
     * close without one), 1006 if the connection ended without a close, or the code that the server
     * closed with because the client broke a rule, and which. `ws` is not to be used any more. */
    void (*on_close)(void *state, struct toad_websocket *ws, unsigned code,
                     struct toad_text reason);
    /* The worker leaves: the connection stays usable for a while, and is closed with 1001 before
     * the time is up unless the application closes it (promise WRK-5). */
    void (*on_drain)(void *state, struct toad_websocket *ws);
    /* There is room again after toad_ws_send() took nothing. */
    void (*on_writable)(void *state, struct toad_websocket *ws);
};

/* Accepts what `websocket` was called with. The callbacks are copied; `protocol` is the subprotocol
 * of the connection, one that the client offers, or NULL. Fields from toad_add_header() go with the
 * answer. The request is answered by this, and lives as long as the connection. NULL if the client
 * has gone, or if it cannot be: then the server has answered with 500 or 503, or has logged that
 * there was nothing to be accepted. No callback is called before this returns. */
struct toad_websocket *toad_ws_accept(struct toad_request *request,
                                      const struct toad_ws_callbacks *callbacks,
                                      const char *protocol);
/* The client offers this subprotocol. */
bool toad_ws_offers(const struct toad_request *request, const char *protocol);

/* The request that opened the connection; all that can be read of it. */
struct toad_request *toad_ws_request(const struct toad_websocket *ws);
/* A pointer of the application's own. on_close is the place to free it. */
void toad_ws_set_data(struct toad_websocket *ws, void *data);
/* What toad_ws_set_data() was given, or NULL. */
void *toad_ws_data(const struct toad_websocket *ws);

/* Sends a whole message, which is copied, and says how many bytes of the connection that takes. 0:
 * it was not taken. Either 256 KiB wait for the client already, and on_writable calls once there is
 * room; or the connection is being closed; or it is a text that is not UTF-8, a mistake that is
 * logged. */
size_t toad_ws_send(struct toad_websocket *ws, int type, const void *data, size_t size);
/* Sends a ping with at most 125 bytes, so that a silent client shows that it is there. False: it
 * was not taken. */
bool toad_ws_ping(struct toad_websocket *ws, const void *data, size_t size);
/* Begins to close; on_close tells when the client has agreed, or did not in time. No message comes
 * any more. `code` is 1000 or another one that may be sent, or 0 for a close without a code;
 * `reason` is a text of at most 123 bytes or NULL. False if it is being closed already, or for a
 * code or reason that may not be sent, a mistake that is logged. */
bool toad_ws_close(struct toad_websocket *ws, unsigned code, const char *reason);

/* ---- Time ---- */

/* Calls `callback` once, in `seconds` at the earliest. NULL if there is no memory or `seconds` is
 * not a number from 0 to 10^9. */
struct toad_timer *toad_timer_start(struct toad_worker *worker, double seconds,
                                    void (*callback)(void *data), void *data);
/* Forgets a timer that has not called back yet; the pointer is not valid any more, as after its
 * callback. */
void toad_timer_stop(struct toad_timer *timer);

/* ---- Descriptors, threads and the loop ---- */

#define TOAD_READABLE 1u
#define TOAD_WRITABLE 2u

/* Calls `callback` whenever the descriptor can be read or written, as `events` asks (TOAD_READABLE,
 * TOAD_WRITABLE or both; 0 for neither until it is changed), until it is stopped. The descriptor
 * stays the application's, which stops the watch before it closes it. NULL if there is no memory,
 * or the descriptor cannot be watched (a regular file). */
struct toad_watch *toad_watch_start(struct toad_worker *worker, int fd, unsigned events,
                                    void (*callback)(void *data, int fd, unsigned events),
                                    void *data);
/* Watches for these events from now on; also good within its callback. */
void toad_watch_change(struct toad_watch *watch, unsigned events);
/* The pointer is not valid any more; also good within its callback. NULL does nothing. */
void toad_watch_stop(struct toad_watch *watch);

/* Has `callback` called on the worker's thread soon after any thread says toad_wakeup_send();
 * several of these may become one call. NULL if there is no memory. */
struct toad_wakeup *toad_wakeup_start(struct toad_worker *worker, void (*callback)(void *data),
                                      void *data);
/* The one function here that any thread and any signal handler may call. */
void toad_wakeup_send(struct toad_wakeup *wakeup);
/* The pointer is not valid any more: no thread may use it from now on. NULL does nothing. */
void toad_wakeup_stop(struct toad_wakeup *wakeup);

/* The worker's libev loop, for libraries that want one. The way out of this interface: watchers of
 * the application's own are its own business, and which library the loop belongs to may change with
 * the major version. Not the default loop. */
struct ev_loop *toad_worker_loop(struct toad_worker *worker);

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
