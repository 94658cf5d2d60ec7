/* Bodies that are taken in parts. */
#include "played.h"

#include "served.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count_abort(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
    served->aborts++;
}

static void count_part(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    (void)request;
    served->parts++;
    served->taken += part.size;
}

static void say_count(void *state, struct toad_request *request)
{
    (void)state;
    served->ends++;
    toad_reply_format(request, 200, "text/plain", "%zu", served->taken);
}

static uint64_t most(struct toad_request *request)
{
    const char *text = toad_parameter(request, "most");
    return text == NULL ? UINT64_MAX : strtoull(text, NULL, 10);
}

/* Counts the bytes. */
static void sink(struct toad_request *request)
{
    served->taken = 0;
    toad_on_abort(request, count_abort);
    toad_body_stream(request, most(request), count_part, say_count);
}

/* Nobody wants to know its end, and nobody answers. */
static void sink_only(struct toad_request *request)
{
    toad_body_stream(request, most(request), count_part, NULL);
}

/* Says first that it will read, answers within the same callback. */
static void sink_and_answer(struct toad_request *request)
{
    toad_body_stream(request, most(request), count_part, NULL);
    toad_reply(request, 200, NULL, "early", 5);
}

static void sink_twice(struct toad_request *request)
{
    served->taken = 0;
    toad_body_stream(request, UINT64_MAX, NULL, NULL);
    toad_body_stream(request, UINT64_MAX, count_part, say_count);
    toad_body_stream(request, UINT64_MAX, count_part, say_count);
    toad_body_all(request, 10, NULL);
}

/* ---- With pauses ---- */

static struct toad_timer *paused_look;
static struct toad_timer *rest;

static void resume(void *data)
{
    rest = NULL;
    served->due++;
    toad_body_resume(data);
    toad_body_resume(data);
}

static void take_part_and_rest(void *state, struct toad_request *request, struct toad_text part)
{
    count_part(state, request, part);
    toad_body_pause(request);
    toad_body_pause(request);
    rest = toad_timer_start(toad_request_worker(request), 0., resume, request);
    if (rest != NULL)
        return;
    toad_log(2, "no memory for a timer");
    toad_body_resume(request);
}

static void stop_rest(void *state, struct toad_request *request)
{
    toad_timer_stop(rest);
    count_abort(state, request);
}

/* Rests after each part. */
static void sink_slowly(struct toad_request *request)
{
    served->taken = 0;
    toad_on_abort(request, stop_rest);
    toad_body_stream(request, UINT64_MAX, take_part_and_rest, say_count);
}

static void look_whether_to_go_on(void *data)
{
    paused_look = NULL;
    if (served->must_go_on)
        toad_body_resume(data);
    else
        paused_look =
            toad_timer_start(toad_request_worker(data), 0.002, look_whether_to_go_on, data);
}

static void forget_paused(void *state, struct toad_request *request)
{
    toad_timer_stop(paused_look);
    count_abort(state, request);
}

/* Takes nothing until the test says so; paused before it is even asked for. */
static void sink_when_told(struct toad_request *request)
{
    served->taken = 0;
    toad_on_abort(request, forget_paused);
    toad_body_pause(request);
    toad_body_stream(request, UINT64_MAX, count_part, say_count);
    served->begun++;
    look_whether_to_go_on(request);
}

/* Answers with the first part. */
static void answer_part(void *state, struct toad_request *request, struct toad_text part)
{
    count_part(state, request, part);
    toad_reply(request, 200, "text/plain", "enough", 6);
}

static void sink_a_part(struct toad_request *request)
{
    toad_body_stream(request, UINT64_MAX, answer_part, say_count);
}

/* ---- Echo ---- */

struct echo {
    char *rest; /* what was not taken at once */
    size_t size;
};

static void free_echo(void *data)
{
    struct echo *echo = data;
    free(echo->rest);
}

static void echo_rest(void *state, struct toad_request *request)
{
    struct echo *echo = toad_data(request);
    (void)state;
    served->writables++;
    size_t taken = toad_write(request, echo->rest, echo->size);
    memmove(echo->rest, echo->rest + taken, echo->size - taken);
    echo->size -= taken;
    if (echo->size == 0)
        toad_body_resume(request);
}

static void echo_part(void *state, struct toad_request *request, struct toad_text part)
{
    struct echo *echo = toad_data(request);
    count_part(state, request, part);
    size_t taken = toad_write(request, part.data, part.size);
    if (taken == part.size)
        return;
    served->shorts++;
    free(echo->rest);
    echo->size = part.size - taken;
    echo->rest = malloc(echo->size);
    if (echo->rest == NULL) {
        toad_log(2, "no memory for an echo");
        echo->size = 0;
        toad_fail(request);
        return;
    }
    memcpy(echo->rest, part.data + taken, echo->size);
    toad_body_pause(request);
}

static void echo_end(void *state, struct toad_request *request)
{
    (void)state;
    served->ends++;
    toad_end(request);
}

static void echo(struct toad_request *request)
{
    struct echo *echo = toad_alloc(request, sizeof *echo);
    if (echo == NULL) {
        toad_log(2, "no memory for an echo");
        toad_fail(request);
        return;
    }
    *echo = (struct echo){NULL, 0};
    served->taken = 0;
    toad_set_data(request, echo, free_echo);
    toad_on_abort(request, count_abort);
    toad_on_writable(request, echo_rest);
    if (toad_parameter(request, "before") != NULL) {
        toad_start(request, 200, "text/plain", toad_body_size(request));
        toad_body_stream(request, most(request), echo_part, echo_end);
        return;
    }
    toad_body_stream(request, most(request), echo_part, echo_end);
    toad_start(request, 200, "text/plain", toad_body_size(request));
}

/* Begins to answer, reads, and is done before all has come. */
static void end_early(void *state, struct toad_request *request, struct toad_text part)
{
    count_part(state, request, part);
    toad_write(request, "enough", 6);
    toad_end(request);
}

static void answer_while_it_comes(struct toad_request *request)
{
    toad_body_stream(request, UINT64_MAX, end_early, say_count);
    toad_start(request, 200, "text/plain", TOAD_SIZE_UNKNOWN);
}

static void say_size(struct toad_request *request)
{
    uint64_t size = toad_body_size(request);
    toad_reply_format(request, 200, "text/plain", "%lld",
                      size == TOAD_SIZE_UNKNOWN ? -1ll : (long long)size);
}

static const struct {
    const char *path;
    void (*answer)(struct toad_request *request);
} routes[] = {
    {"/sink", sink},
    {"/sink-only", sink_only},
    {"/sink-early", sink_and_answer},
    {"/sink-twice", sink_twice},
    {"/sink-slowly", sink_slowly},
    {"/sink-told", sink_when_told},
    {"/sink-part", sink_a_part},
    {"/echo", echo},
    {"/enough", answer_while_it_comes},
    {"/body-size", say_size},
};

bool played_bodies_answer(struct toad_request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, toad_path(request)) == 0) {
            routes[i].answer(request);
            return true;
        }
    return false;
}
