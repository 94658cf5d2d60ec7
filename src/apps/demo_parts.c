#include "apps/demo_parts.h"

#include "apps/kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNT_MAX 1000
#define PAUSE_SECONDS 0.25
#define UPLOAD_SIZE_MAX UINT64_MAX /* the setting message_max decides */

/* ---- Counting aloud ---- */

struct count {
    struct toad_request *request;
    struct toad_timer *timer; /* NULL while a line waits for room */
    uint64_t number;
    uint64_t last;
    char line[32];
    size_t size; /* of the line */
    size_t sent; /* of the line */
};

static void say_next(void *data);

/* Sends what is left of the line; then the next one is due, or the answer complete. */
static void say(struct count *count)
{
    count->sent += toad_write(count->request, count->line + count->sent, count->size - count->sent);
    if (count->sent < count->size)
        return;
    if (count->number == count->last) {
        toad_end(count->request);
        return;
    }
    count->timer =
        toad_timer_start(toad_request_worker(count->request), PAUSE_SECONDS, say_next, count);
    if (count->timer == NULL)
        toad_fail(count->request);
}

static void say_next(void *data)
{
    struct count *count = data;
    count->timer = NULL;
    count->number++;
    count->size = (size_t)snprintf(count->line, sizeof count->line, "%" PRIu64 "\n", count->number);
    count->sent = 0;
    say(count);
}

static void go_on(void *state, struct toad_request *request)
{
    (void)state;
    struct count *count = toad_data(request);
    if (count->timer == NULL)
        say(count);
}

static void stop(void *state, struct toad_request *request)
{
    (void)state;
    struct count *count = toad_data(request);
    if (count->timer != NULL)
        toad_timer_stop(count->timer);
}

void demo_answer_count(void *state, struct toad_request *request)
{
    (void)state;
    uint64_t last = 0;
    if (!kit_number(request, "to", COUNT_MAX, &last))
        return;
    struct count *count = toad_alloc(request, sizeof *count);
    if (count == NULL) {
        kit_reply_text(request, 503, "There is no memory to count with\n");
        return;
    }
    *count = (struct count){.request = request, .last = last};
    toad_set_data(request, count, NULL);
    (void)toad_add_header(request, "Cache-Control", "no-store");
    toad_start(request, 200, "text/plain; charset=utf-8", TOAD_SIZE_UNKNOWN);
    /* Nobody hears a HEAD request's answer, so it need not take its time. */
    if (last == 0 || strcmp(toad_method(request), "HEAD") == 0) {
        toad_end(request);
        return;
    }
    toad_on_writable(request, go_on);
    toad_on_abort(request, stop);
    say_next(count);
}

/* ---- Counting what comes ---- */

struct upload {
    uint64_t size;
    uint64_t parts;
};

static void part_came(void *state, struct toad_request *request, struct toad_text part)
{
    (void)state;
    struct upload *upload = toad_data(request);
    upload->size += part.size;
    upload->parts++;
}

static void upload_ended(void *state, struct toad_request *request)
{
    (void)state;
    const struct upload *upload = toad_data(request);
    toad_reply_format(request, 200, "text/plain",
                      "Worker %ld counted %" PRIu64 " bytes in %" PRIu64
                      " part%s and kept none of them.\n",
                      (long)getpid(), upload->size, upload->parts, upload->parts == 1 ? "" : "s");
}

void demo_answer_upload(void *state, struct toad_request *request)
{
    (void)state;
    struct upload *upload = toad_alloc(request, sizeof *upload);
    if (upload == NULL) {
        kit_reply_text(request, 503, "There is no memory to count with\n");
        return;
    }
    *upload = (struct upload){0};
    toad_set_data(request, upload, NULL);
    toad_body_stream(request, UPLOAD_SIZE_MAX, part_came, upload_ended);
}
