#include "apps/probe_parts.h"

#include "apps/kit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ALPHABET_SIZE 26
#define PART_SIZE_MAX ((uint64_t)1 << 20)
#define PARTS_MAX 1000000
#define SECOND_US 1e6

/* How many answers nobody waited for. */
static unsigned long aborts;

void parts_answer_aborts(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "%lu", aborts);
}

/* ---- Answers in parts ---- */

/* Lives as long as its request. */
struct parts {
    struct toad_request *request;
    struct toad_timer *timer; /* until the next part */
    uint64_t left;            /* parts */
    uint64_t size;            /* bytes of one */
    uint64_t written;         /* of the present one */
    int64_t pause_us;         /* between two */
    bool fails;               /* in place of an end */
};

/* The alphabet, again and again, from any of its first letters on. */
static const char *letters(void)
{
    static char text[PART_SIZE_MAX + 1];
    if (text[0] == '\0')
        for (size_t i = 0; i < PART_SIZE_MAX; i++)
            text[i] = (char)('a' + i % ALPHABET_SIZE);
    return text;
}

static void parts_end(struct parts *parts)
{
    if (parts->fails)
        toad_fail(parts->request);
    else
        toad_end(parts->request);
}

/* False if the client takes no more for now. */
static bool parts_write(struct parts *parts)
{
    uint64_t rest = parts->size - parts->written;
    size_t taken = toad_write(parts->request, letters() + parts->written, (size_t)rest);
    parts->written += taken;
    if (taken < rest)
        return false;
    parts->written = 0;
    parts->left--;
    return true;
}

static void parts_go_on(void *data);

static void parts_wait(struct parts *parts)
{
    parts->timer = toad_timer_start(toad_request_worker(parts->request),
                                    (double)parts->pause_us / SECOND_US, parts_go_on, parts);
    if (parts->timer == NULL)
        toad_fail(parts->request);
}

static void parts_go_on(void *data)
{
    struct parts *parts = data;
    parts->timer = NULL;
    while (parts->left > 0) {
        if (!parts_write(parts))
            return;
        if (parts->pause_us > 0 && parts->left > 0) {
            parts_wait(parts);
            return;
        }
    }
    parts_end(parts);
}

static void parts_continue(void *state, struct toad_request *request)
{
    (void)state;
    parts_go_on(toad_data(request));
}

static void parts_abort(void *state, struct toad_request *request)
{
    (void)state;
    struct parts *parts = toad_data(request);
    toad_timer_stop(parts->timer);
    aborts++;
}

static void parts_start(struct toad_request *request, const struct parts *plan, bool has_length)
{
    struct parts *parts = toad_alloc(request, sizeof(*parts));
    if (parts == NULL) {
        kit_reply_text(request, 503, "There is no memory for an answer in parts\n");
        return;
    }
    *parts = *plan;
    parts->request = request;
    toad_set_data(request, parts, NULL);
    toad_on_abort(request, parts_abort);
    toad_on_writable(request, parts_continue);
    toad_start(request, 200, "text/plain",
               has_length ? parts->left * parts->size : TOAD_SIZE_UNKNOWN);
    parts_go_on(parts);
}

void parts_answer_stream(void *state, struct toad_request *request)
{
    (void)state;
    struct parts plan = {.timer = NULL};
    if (!kit_number(request, "n", PARTS_MAX, &plan.left) ||
        !kit_number(request, "size", PART_SIZE_MAX, &plan.size))
        return;
    parts_start(request, &plan, toad_parameter(request, "length") != NULL);
}

void parts_answer_drip(void *state, struct toad_request *request)
{
    (void)state;
    struct parts plan = {.size = ALPHABET_SIZE};
    if (!kit_number(request, "n", PARTS_MAX, &plan.left) ||
        !kit_seconds(request, "s", &plan.pause_us))
        return;
    parts_start(request, &plan, false);
}

void parts_answer_fail(void *state, struct toad_request *request)
{
    (void)state;
    struct parts plan = {.size = ALPHABET_SIZE, .fails = true};
    if (!kit_number(request, "n", PARTS_MAX, &plan.left))
        return;
    parts_start(request, &plan, false);
}

/* ---- Echo ---- */

/* What the client has not taken of the part that came last. */
struct echo {
    char *rest;
    size_t size;
    bool has_started;
};

static void echo_free(void *data)
{
    struct echo *echo = data;
    free(echo->rest);
}

static void echo_abort(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
    aborts++;
}

static void echo_start(struct toad_request *request, struct echo *echo)
{
    if (echo->has_started)
        return;
    echo->has_started = true;
    toad_start(request, 200, "application/octet-stream", toad_body_size(request));
}

static void echo_part(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    struct echo *echo = toad_data(request);
    echo_start(request, echo);
    size_t taken = toad_write(request, part.data, part.size);
    if (taken == part.size)
        return;
    free(echo->rest);
    echo->size = part.size - taken;
    echo->rest = malloc(echo->size);
    if (echo->rest == NULL) {
        toad_fail(request);
        return;
    }
    memcpy(echo->rest, part.data + taken, echo->size);
    toad_body_pause(request);
}

static void echo_rest(void *state, struct toad_request *request)
{
    (void)state;
    struct echo *echo = toad_data(request);
    size_t taken = toad_write(request, echo->rest, echo->size);
    echo->size -= taken;
    memmove(echo->rest, echo->rest + taken, echo->size);
    if (echo->size == 0)
        toad_body_resume(request);
}

static void echo_end(void *state, struct toad_request *request)
{
    (void)state;
    echo_start(request, toad_data(request));
    toad_end(request);
}

void parts_answer_echo(void *state, struct toad_request *request)
{
    (void)state;
    struct echo *echo = toad_alloc(request, sizeof(*echo));
    if (echo == NULL) {
        kit_reply_text(request, 503, "There is no memory for an echo\n");
        return;
    }
    *echo = (struct echo){.rest = NULL};
    toad_set_data(request, echo, echo_free);
    toad_on_abort(request, echo_abort);
    toad_on_writable(request, echo_rest);
    toad_body_stream(request, TOAD_SIZE_UNKNOWN, echo_part, echo_end);
}

/* ---- Sink ---- */

/* Adler-32 of what has come (RFC 1950 8.2). */
struct sink {
    struct toad_request *request;
    struct toad_timer *timer;
    uint64_t size;
    uint32_t low;
    uint32_t high;
    int64_t pause_us; /* once, behind the first part */
};

#define ADLER_MODULUS 65521
#define ADLER_RUN 5552 /* so many bytes do not overflow the sums */

static void sink_add(struct sink *sink, struct toad_text part)
{
    sink->size += part.size;
    for (size_t i = 0; i < part.size; i += ADLER_RUN) {
        size_t end = part.size - i < ADLER_RUN ? part.size : i + ADLER_RUN;
        for (size_t k = i; k < end; k++) {
            sink->low += (unsigned char)part.data[k];
            sink->high += sink->low;
        }
        sink->low %= ADLER_MODULUS;
        sink->high %= ADLER_MODULUS;
    }
}

static void sink_resume(void *data)
{
    struct sink *sink = data;
    sink->timer = NULL;
    toad_body_resume(sink->request);
}

static void sink_part(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    struct sink *sink = toad_data(request);
    sink_add(sink, part);
    if (sink->pause_us == 0)
        return;
    toad_body_pause(request);
    sink->timer = toad_timer_start(toad_request_worker(request), (double)sink->pause_us / SECOND_US,
                                   sink_resume, sink);
    sink->pause_us = 0;
    if (sink->timer == NULL)
        toad_body_resume(request);
}

static void sink_end(void *state, struct toad_request *request)
{
    (void)state;
    const struct sink *sink = toad_data(request);
    toad_reply_format(request, 200, "text/plain", "%" PRIu64 " %" PRIu32, sink->size,
                      sink->high << 16 | sink->low);
}

static void sink_abort(void *state, struct toad_request *request)
{
    (void)state;
    const struct sink *sink = toad_data(request);
    toad_timer_stop(sink->timer);
    aborts++;
}

void parts_answer_sink(void *state, struct toad_request *request)
{
    (void)state;
    struct sink *sink = toad_alloc(request, sizeof(*sink));
    if (sink == NULL) {
        kit_reply_text(request, 503, "There is no memory for a sink\n");
        return;
    }
    *sink = (struct sink){.request = request, .low = 1};
    if (toad_parameter(request, "s") != NULL && !kit_seconds(request, "s", &sink->pause_us))
        return;
    toad_set_data(request, sink, NULL);
    toad_on_abort(request, sink_abort);
    toad_body_stream(request, TOAD_SIZE_UNKNOWN, sink_part, sink_end);
}
