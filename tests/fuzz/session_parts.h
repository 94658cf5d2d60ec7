/* session_parts - answers in parts and from files, bodies in parts. */
#ifndef TOAD_TESTS_FUZZ_SESSION_PARTS_H
#define TOAD_TESTS_FUZZ_SESSION_PARTS_H

#include "session_state.h"

#include <sys/mman.h>
#include <unistd.h>

enum {
    PARTS_SIZE_MAX = 100000,
    PARTS_PIECE_SIZE = 7000,
    PARTS_SMALL_SIZE = 100
};

/* The one answer that is under way. */
static struct {
    char content[PARTS_SIZE_MAX];
    size_t size;
    size_t written;
    uint64_t hash; /* of the body so far */
    size_t body_size;
} parts;

/* Only the first ones of a connection are large. */
static void parts_prepare(struct toad_request *request)
{
    parts.size = app.large_count++ < APP_LARGE_MAX ? PARTS_SIZE_MAX : PARTS_SMALL_SIZE;
    parts.written = 0;
    app_fill(parts.content, parts.size);
    int size = snprintf(parts.content, sizeof parts.content, "#%" PRIu64 " ",
                        toad_request_number(request));
    parts.content[size] = '.';
}

static void parts_end(struct toad_request *request)
{
    app.held = NULL;
    app_asked(request)->is_answered = true;
    (void)toad_add_trailer(request, "X-Trailer", "yes");
    app_demand(!toad_add_trailer(request, "X-Trailer", "a\r\nb"), "A trailer of two lines");
    toad_end(request);
}

static void parts_go_on(void *state, struct toad_request *request)
{
    (void)state;
    while (parts.written < parts.size) {
        size_t rest = parts.size - parts.written;
        size_t size = rest < PARTS_PIECE_SIZE ? rest : PARTS_PIECE_SIZE;
        size_t taken = toad_write(request, parts.content + parts.written, size);
        app_demand(taken <= size, "More was taken than given");
        parts.written += taken;
        if (taken < size) {
            toad_on_writable(request, parts_go_on);
            return;
        }
    }
    parts_end(request);
}

/* An answer that has begun cannot be refused any more. */
static void parts_abort(void *state, struct toad_request *request)
{
    app_asked(request)->is_cut = app_asked(request)->is_early = true;
    app_abort(state, request);
}

static void parts_begin(struct toad_request *request, uint64_t size)
{
    app_await(request, NULL);
    toad_on_abort(request, parts_abort);
    app_demand(toad_add_header(request, "X-Header", "yes"), "A header field is refused");
    app_demand(!toad_add_header(request, "X-Header", "a\r\nb") &&
                   !toad_add_header(request, "X Header", "b") &&
                   !toad_add_header(request, "Content-Length", "1"),
               "A header field that is none is taken");
    toad_start(request, 200, "text/plain", size);
}

static void parts_answer(struct toad_request *request)
{
    parts_prepare(request);
    parts_begin(request, TOAD_SIZE_UNKNOWN);
    parts_go_on(NULL, request);
}

static void parts_answer_sized(struct toad_request *request)
{
    parts_prepare(request);
    parts_begin(request, parts.size);
    parts_go_on(NULL, request);
}

/* ---- What goes wrong ---- */

/* The client cannot take it for the whole answer. */
static void parts_cut(struct toad_request *request)
{
    struct asked *asked = app_asked(request);
    asked->is_cut = !asked->is_head;
    asked->is_answered = asked->is_early = true;
    app.held = NULL;
    toad_on_abort(request, NULL);
}

static void parts_answer_too_little(struct toad_request *request)
{
    parts_begin(request, 100);
    (void)toad_write(request, "too little", 10);
    parts_cut(request);
    toad_end(request);
}

static void parts_give_up(struct toad_request *request)
{
    parts_begin(request, TOAD_SIZE_UNKNOWN);
    (void)toad_write(request, "not all", 7);
    parts_cut(request);
    app_asked(request)->is_cut = true;
    toad_fail(request);
}

static void parts_give_up_at_once(struct toad_request *request)
{
    app_asked(request)->is_answered = true;
    toad_fail(request);
}

/* ---- Files ---- */

static void parts_answer_file_of(struct toad_request *request, size_t missing)
{
    parts_prepare(request);
    int fd = memfd_create("file", MFD_CLOEXEC);
    app_demand(fd >= 0 && write(fd, parts.content, parts.size) == (ssize_t)parts.size,
               "There is no file");
    app_asked(request)->is_answered = true;
    toad_reply_file(request, 200, "text/plain", fd, 0, parts.size + missing);
}

static void parts_answer_file(struct toad_request *request)
{
    parts_answer_file_of(request, 0);
}

static void parts_answer_short_file(struct toad_request *request)
{
    app_asked(request)->is_cut = !app_asked(request)->is_head;
    app_asked(request)->is_early = true;
    parts_answer_file_of(request, 1);
}

/* ---- Bodies ---- */

static void parts_resume(struct toad_request *request)
{
    app.go_on = NULL;
    toad_body_resume(request);
}

/* The body waits until the driver lets it go on. */
static void parts_take(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    app_demand(app.go_on == NULL, "A part came although the body is paused");
    parts.hash = app_hash(parts.hash, part.data, part.size);
    parts.body_size += part.size;
    toad_body_pause(request);
    app.go_on = parts_resume;
}

static void parts_take_end(void *state, struct toad_request *request)
{
    (void)state;
    app.held = NULL;
    app_asked(request)->is_answered = true;
    toad_reply_format(request, 200, NULL, "#%" PRIu64 " %zu %" PRIx64 " %" PRIx64,
                      toad_request_number(request), parts.body_size, parts.hash,
                      app_digest(request));
}

static void parts_take_body(struct toad_request *request)
{
    app_await(request, NULL);
    parts.hash = 0;
    parts.body_size = 0;
    toad_body_stream(request, UINT64_MAX, parts_take, parts_take_end);
}

/* Each part goes back as it came; what there is no room for is left out, and so is the comparison.
 */
static void parts_send_back(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    (void)toad_write(request, part.data, part.size);
}

static void parts_send_end(void *state, struct toad_request *request)
{
    (void)state;
    parts_end(request);
}

static void parts_echo(struct toad_request *request)
{
    char start[32];
    int size = snprintf(start, sizeof start, "#%" PRIu64 " ", toad_request_number(request));
    parts_begin(request, TOAD_SIZE_UNKNOWN);
    (void)toad_write(request, start, (size_t)size);
    toad_body_stream(request, UINT64_MAX, parts_send_back, parts_send_end);
}

#endif
