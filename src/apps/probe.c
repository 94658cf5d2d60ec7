/* probe - the application that the tests ask: each route shows or does one thing.
 *
 *     GET  /                              Hello World
 *     GET  /pid                           the worker's PID
 *     GET  /slow?s=N                      "slow" after N seconds, without blocking
 *     GET  /block?s=N                     "blocked" after N seconds, blocking the worker
 *     GET  /spin                          never returns
 *     GET  /crash?how=segv|abort|exit     ends the worker
 *     any  /info                          what the server says about the request, as JSON
 *     any  /client                        who asked, and where, as JSON
 *     GET  /tls                           what is known of the connection's TLS, as JSON
 *     POST /len                           the size of the body
 *     GET  /large?bytes=N                 N bytes: the alphabet, again and again
 *     GET  /stream?n=N&size=S[&length=1]  N parts of S bytes, in chunks or with a Content-Length
 *     GET  /drip?n=N&s=S                  N alphabets, one every S seconds
 *     GET  /fail?n=N                      gives up behind N alphabets
 *     POST /echo                          the body, while it comes
 *     POST /sink[?s=S]                    size and Adler-32 of the body; with a rest of S seconds
 *     GET  /file?size=N[&from=N]          a part of a file: the alphabet for 64 KiB, then NUL bytes
 *     GET  /headers?NAME=VALUE&...        adds these fields, and counts those that were refused
 *     GET  /aborts                        how many answers in parts nobody waited for
 *     GET  /mode                          MOJO_MODE
 *     GET  /ids                           users and groups of the worker, as JSON
 *
 * and as WebSockets, which say "leaving" when the worker leaves:
 *
 *     /echo                               each message as it came
 *     /about                              for each message what /info, /client and /tls show
 *     /push?n=N                           the texts 0 to N-1, as the client takes them
 *     /close?code=N                       closes at once
 *
 * Anything else is 404, or 405 if only the method is wrong. Numbers are read strictly. */
#include "apps/json.h"
#include "apps/kit.h"
#include "apps/probe_parts.h"
#include "apps/probe_websocket.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ALPHABET_SIZE 26
#define BODY_SIZE_MAX ((size_t)1 << 30)
#define LARGE_SIZE_MAX (UINT64_C(64) << 20)
/* The largest head of a request, each byte escaped, and parts of it twice; all possible groups. */
#define JSON_SIZE_MAX ((size_t)1 << 20)

static void answer_hello(void *state, struct toad_request *request)
{
    (void)state;
    kit_reply_text(request, 200, "Hello World");
}

static void answer_pid(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "%ld", (long)getpid());
}

static void answer_mode(void *state, struct toad_request *request)
{
    (void)state;
    const char *mode = getenv("MOJO_MODE");
    kit_reply_text(request, 200, mode == NULL ? "" : mode);
}

/* ---- What hurts ---- */

static void answer_blocked(void *state, struct toad_request *request)
{
    (void)state;
    int64_t time_us = 0;
    if (!kit_seconds(request, "s", &time_us))
        return;
    struct timespec rest = {time_us / 1000000, (long)(time_us % 1000000 * 1000)};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
    kit_reply_text(request, 200, "blocked");
}

static void answer_never(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
    kit_spin();
}

static _Noreturn void leave(void)
{
    _exit(1);
}

static const struct {
    const char *how;
    void (*die)(void);
} deaths[] = {{"segv", kit_crash}, {"abort", abort}, {"exit", leave}};

static void answer_crash(void *state, struct toad_request *request)
{
    (void)state;
    const char *how = toad_parameter(request, "how");
    for (size_t i = 0; how != NULL && i < sizeof(deaths) / sizeof(deaths[0]); i++)
        if (strcmp(how, deaths[i].how) == 0)
            deaths[i].die();
    kit_reply_text(request, 400, "/crash: the parameter how must be segv, abort or exit\n");
}

/* ---- JSON ---- */

/* One text at a time is written here, since a worker has one thread. */
static char json_space[JSON_SIZE_MAX];

static void reply_json(struct toad_request *request, const struct json *json)
{
    if (json->is_full)
        kit_reply_text(request, 500, "The answer is too large\n");
    else
        toad_reply(request, 200, "application/json", json->data, json->size);
}

static void add_headers(struct json *json, const struct toad_request *request)
{
    struct toad_text name;
    struct toad_text value;
    json_begin(json, "headers", '[');
    for (size_t i = 0; toad_header_at(request, i, &name, &value); i++) {
        json_begin(json, NULL, '[');
        json_bytes(json, NULL, name.data, name.size);
        json_bytes(json, NULL, value.data, value.size);
        json_end(json, ']');
    }
    json_end(json, ']');
}

static void add_info(struct json *json, const struct toad_request *request)
{
    json_text(json, "method", toad_method(request));
    json_text(json, "path", toad_path(request));
    json_text(json, "query", toad_query(request));
    json_text(json, "version", toad_http_version(request));
    json_text(json, "remote_address", toad_remote_address(request));
    json_number(json, "remote_port", toad_remote_port(request));
    json_text(json, "scheme", toad_scheme(request));
    json_text(json, "host", toad_host_name(request));
    add_headers(json, request);
}

static void add_client(struct json *json, const struct toad_request *request)
{
    json_text(json, "remote_address", toad_remote_address(request));
    json_number(json, "remote_port", toad_remote_port(request));
    json_text(json, "scheme", toad_scheme(request));
    json_text(json, "host", toad_host_name(request));
    json_text(json, "peer_address", toad_peer_address(request));
    json_text(json, "local_address", toad_local_address(request));
    json_number(json, "local_port", toad_local_port(request));
    json_number(json, "request_number", toad_request_number(request));
}

static void add_fact(struct json *json, const char *key, const char *text)
{
    if (text != NULL)
        json_text(json, key, text);
}

/* Only what there is. */
static void add_tls(struct json *json, const struct toad_request *request)
{
    add_fact(json, "version", toad_tls_version(request));
    add_fact(json, "cipher", toad_tls_cipher(request));
    add_fact(json, "server_name", toad_tls_server_name(request));
    add_fact(json, "client_subject", toad_tls_client_subject(request));
}

typedef void facts_writer(struct json *json, const struct toad_request *request);

static void add_facts(struct json *json, const char *key, facts_writer *writer,
                      const struct toad_request *request)
{
    json_begin(json, key, '{');
    writer(json, request);
    json_end(json, '}');
}

static void answer_facts(struct toad_request *request, facts_writer *writer)
{
    struct json json;
    json_init(&json, json_space, sizeof(json_space));
    add_facts(&json, NULL, writer, request);
    reply_json(request, &json);
}

static void answer_info(void *state, struct toad_request *request)
{
    (void)state;
    answer_facts(request, add_info);
}

static void answer_client(void *state, struct toad_request *request)
{
    (void)state;
    answer_facts(request, add_client);
}

static void answer_tls(void *state, struct toad_request *request)
{
    (void)state;
    answer_facts(request, add_tls);
}

static void tell_about(void *state, struct toad_websocket *ws, int type, struct toad_text message)
{
    (void)state;
    (void)type;
    (void)message;
    const struct toad_request *request = toad_ws_request(ws);
    struct json json;
    json_init(&json, json_space, sizeof(json_space));
    json_begin(&json, NULL, '{');
    add_facts(&json, "info", add_info, request);
    add_facts(&json, "client", add_client, request);
    add_facts(&json, "tls", add_tls, request);
    json_end(&json, '}');
    (void)toad_ws_send(ws, TOAD_WS_TEXT, json.data, json.size);
}

static void open_about(void *state, struct toad_request *request)
{
    static const struct toad_ws_callbacks callbacks = {.struct_size = sizeof(callbacks),
                                                       .on_message = tell_about};
    (void)state;
    (void)toad_ws_accept(request, &callbacks, NULL);
}

struct ids {
    unsigned real, effective, saved;
};

static void add_ids(struct json *json, const char *key, const struct ids *ids)
{
    json_begin(json, key, '{');
    json_number(json, "real", ids->real);
    json_number(json, "effective", ids->effective);
    json_number(json, "saved", ids->saved);
    json_end(json, '}');
}

static void add_groups(struct json *json)
{
    static gid_t groups[NGROUPS_MAX];
    int count = getgroups(NGROUPS_MAX, groups);
    json_begin(json, "groups", '[');
    for (int i = 0; i < count; i++)
        json_number(json, NULL, groups[i]);
    json_end(json, ']');
}

static void answer_ids(void *state, struct toad_request *request)
{
    (void)state;
    struct ids user = {0};
    struct ids group = {0};
    if (getresuid(&user.real, &user.effective, &user.saved) != 0 ||
        getresgid(&group.real, &group.effective, &group.saved) != 0) {
        kit_reply_text(request, 500, "The ids of the worker are not known\n");
        return;
    }
    struct json json;
    json_init(&json, json_space, sizeof(json_space));
    json_begin(&json, NULL, '{');
    add_ids(&json, "uid", &user);
    add_ids(&json, "gid", &group);
    add_groups(&json);
    json_end(&json, '}');
    reply_json(request, &json);
}

/* ---- Bodies ---- */

static void body_arrived(void *state, struct toad_request *request, struct toad_text body)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "%zu", body.size);
}

static void answer_length(void *state, struct toad_request *request)
{
    (void)state;
    toad_body_all(request, BODY_SIZE_MAX, body_arrived);
}

static void answer_large(void *state, struct toad_request *request)
{
    (void)state;
    uint64_t size = 0;
    if (!kit_number(request, "bytes", LARGE_SIZE_MAX, &size))
        return;
    char *data = malloc((size_t)size + 1);
    if (data == NULL) {
        kit_reply_text(request, 503, "There is no memory for so many bytes\n");
        return;
    }
    for (size_t i = 0; i < size; i++)
        data[i] = (char)('a' + i % ALPHABET_SIZE);
    toad_reply(request, 200, "application/octet-stream", data, (size_t)size);
    free(data);
}

/* ---- The application ---- */

static const struct kit_route routes[] = {
    {"GET", "/", answer_hello},
    {"GET", "/pid", answer_pid},
    {"GET", "/slow", kit_answer_slowly},
    {"GET", "/block", answer_blocked},
    {"GET", "/spin", answer_never},
    {"GET", "/crash", answer_crash},
    {NULL, "/info", answer_info},
    {"POST", "/len", answer_length},
    {"GET", "/large", answer_large},
    {"GET", "/mode", answer_mode},
    {"GET", "/ids", answer_ids},
    {NULL, "/client", answer_client},
    {"GET", "/tls", answer_tls},
    {"GET", "/stream", parts_answer_stream},
    {"GET", "/drip", parts_answer_drip},
    {"GET", "/fail", parts_answer_fail},
    {"POST", "/echo", parts_answer_echo},
    {"POST", "/sink", parts_answer_sink},
    {"GET", "/file", parts_answer_file},
    {"GET", "/headers", parts_answer_headers},
    {"GET", "/aborts", parts_answer_aborts},
};

static void answer(void *state, struct toad_request *request)
{
    kit_route(routes, sizeof(routes) / sizeof(routes[0]), state, request);
}

static const struct kit_route websockets[] = {
    {"GET", "/about", open_about},
    {"GET", "/echo", websocket_open_echo},
    {"GET", "/push", websocket_open_push},
    {"GET", "/close", websocket_open_close},
};

static void open_websocket(void *state, struct toad_request *request)
{
    kit_route(websockets, sizeof(websockets) / sizeof(websockets[0]), state, request);
}

static void stop(void *state)
{
    (void)state;
    parts_clear();
}

const struct toad_app toad_app = {TOAD_APP_HEADER, .name = "probe", .worker_stop = stop,
                                  .request = answer, .websocket = open_websocket};
