/* Answers in parts. */
#include "played.h"

#include "served.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static size_t write_text(struct toad_request *request, const char *text)
{
    return toad_write(request, text, strlen(text));
}

static void start(struct toad_request *request, uint64_t size)
{
    toad_start(request, 200, "text/plain", size);
    served->begun++;
}

static void count_abort(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
    served->aborts++;
}

uint64_t played_number(struct toad_request *request, const char *name)
{
    const char *text = toad_parameter(request, name);
    return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static void write_three(struct toad_request *request)
{
    write_text(request, "one");
    write_text(request, "");
    write_text(request, "and two");
    write_text(request, "and a third part");
}

static void answer_parts(struct toad_request *request)
{
    start(request, TOAD_SIZE_UNKNOWN);
    toad_on_abort(request, count_abort);
    write_three(request);
    toad_end(request);
}

static void answer_sized(struct toad_request *request)
{
    start(request, 26);
    write_three(request);
    toad_end(request);
}

static void answer_no_parts(struct toad_request *request)
{
    toad_start(request, 200, NULL, TOAD_SIZE_UNKNOWN);
    toad_end(request);
}

static void answer_without_body(struct toad_request *request)
{
    toad_start(request, (int)played_number(request, "status"), NULL, TOAD_SIZE_UNKNOWN);
    write_three(request);
    toad_end(request);
}

/* ---- One part after the other ---- */

struct slow {
    struct toad_request *request;
    struct toad_timer *timer;
    unsigned left;
};

static void go_on(void *data);

static void wait_a_while(struct slow *slow)
{
    slow->timer = toad_timer_start(toad_request_worker(slow->request), 0., go_on, slow);
    if (slow->timer != NULL)
        return;
    toad_log(2, "no memory for a timer");
    toad_fail(slow->request);
}

static void go_on(void *data)
{
    struct slow *slow = data;
    slow->timer = NULL;
    served->due++;
    if (slow->left-- == 0) {
        toad_end(slow->request);
        return;
    }
    write_text(slow->request, "part");
    wait_a_while(slow);
}

static void stop_waiting(void *state, struct toad_request *request)
{
    struct slow *slow = toad_data(request);
    toad_timer_stop(slow->timer);
    count_abort(state, request);
}

static void stop_trickle(void *state, struct toad_request *request)
{
    stop_waiting(state, request);
    toad_release(request);
}

static void answer_slowly(struct toad_request *request)
{
    struct slow *slow = toad_alloc(request, sizeof *slow);
    if (slow == NULL) {
        toad_log(2, "no memory for a slow answer");
        toad_fail(request);
        return;
    }
    *slow = (struct slow){request, NULL, 3};
    toad_set_data(request, slow, NULL);
    toad_on_abort(request, stop_waiting);
    start(request, TOAD_SIZE_UNKNOWN);
    wait_a_while(slow);
}

/* Begins outside of any turn, with so many bytes, and goes on with one byte each time. */
static void trickle(void *data)
{
    static char bytes[1 << 17];
    struct slow *slow = data;
    bool has_begun = served->begun > 0;
    if (!has_begun)
        start(slow->request, TOAD_SIZE_UNKNOWN);
    else if (slow->left > 0)
        toad_write(slow->request, bytes, slow->left);
    else
        write_text(slow->request, "t");
    slow->left = has_begun ? 0 : slow->left;
    slow->timer = NULL;
    if (toad_parameter(slow->request, "only") != NULL)
        return;
    slow->timer = toad_timer_start(toad_request_worker(slow->request), 0.01, trickle, slow);
}

static void answer_in_a_trickle(struct toad_request *request)
{
    struct slow *slow = toad_alloc(request, sizeof *slow);
    *slow = (struct slow){request, NULL, (unsigned)played_number(request, "first")};
    toad_set_data(request, slow, NULL);
    toad_hold(request);
    toad_on_abort(request, stop_trickle);
    slow->timer = toad_timer_start(toad_request_worker(request), 0., trickle, slow);
}

/* Held, begun in a timer, with everything at once. */
static void answer_from_a_timer(void *data)
{
    answer_parts(data);
    toad_release(data);
}

static void answer_parts_later(struct toad_request *request)
{
    toad_hold(request);
    if (toad_timer_start(toad_request_worker(request), 0., answer_from_a_timer, request) != NULL)
        return;
    toad_log(2, "no memory for a timer");
    toad_release(request);
}

/* ---- As much as the client takes ---- */

struct flood {
    uint64_t left;
    uint64_t most; /* of one write */
};

static void pour(void *state, struct toad_request *request)
{
    static char bytes[1 << 20];
    struct flood *flood = toad_data(request);
    (void)state;
    memset(bytes, 'f', sizeof bytes);
    while (flood->left > 0) {
        size_t size = flood->left < flood->most ? (size_t)flood->left : (size_t)flood->most;
        size_t taken = toad_write(request, bytes, size);
        served->taken += taken;
        flood->left -= taken;
        if (taken < size) {
            served->shorts++;
            return;
        }
    }
    toad_end(request);
}

static void pour_again(void *state, struct toad_request *request)
{
    served->writables++;
    pour(state, request);
}

static void answer_flood(struct toad_request *request)
{
    struct flood *flood = toad_alloc(request, sizeof *flood);
    if (flood == NULL) {
        toad_log(2, "no memory for a flood");
        toad_fail(request);
        return;
    }
    *flood = (struct flood){played_number(request, "bytes"), played_number(request, "most")};
    toad_set_data(request, flood, NULL);
    toad_on_abort(request, count_abort);
    start(request, toad_parameter(request, "sized") == NULL ? TOAD_SIZE_UNKNOWN : flood->left);
    toad_on_writable(request, pour_again);
    pour(NULL, request);
}

/* Fills what there is room for, and asks to be called only afterwards. */
static void answer_flood_late(struct toad_request *request)
{
    answer_flood(request);
    toad_on_writable(request, NULL);
    toad_on_writable(request, pour_again);
}

/* Begins, says something, and then nothing. */
static void answer_and_fall_silent(struct toad_request *request)
{
    start(request, TOAD_SIZE_UNKNOWN);
    toad_on_abort(request, count_abort);
    toad_set_data(request, NULL, NULL);
    write_text(request, "something");
}

/* ---- What is wrong ---- */

static void answer_more_than_announced(struct toad_request *request)
{
    start(request, 5);
    bool is_taken = write_text(request, "1234") == 4 && write_text(request, "56789") == 5 &&
                    write_text(request, "more") == 4;
    if (is_taken)
        toad_end(request);
    else
        toad_fail(request);
}

static void answer_less_than_announced(struct toad_request *request)
{
    toad_on_abort(request, count_abort);
    start(request, 5);
    write_text(request, "1234");
    toad_end(request);
}

static void fail_in_the_middle(struct toad_request *request)
{
    toad_on_abort(request, count_abort);
    start(request, TOAD_SIZE_UNKNOWN);
    write_text(request, "before the fall");
    toad_hold(request);
    toad_fail(request);
    toad_fail(request);
    toad_release(request);
}

static void fail_at_once(struct toad_request *request)
{
    toad_add_header(request, "X-Lost", "yes");
    toad_fail(request);
}

/* All of it is logged; the answer is as if it had not been. */
static void answer_confused(struct toad_request *request)
{
    toad_hold(request);
    bool is_refused = write_text(request, "too early") == 0;
    toad_end(request);
    is_refused &= !toad_add_trailer(request, "X-Early", "1");
    start(request, TOAD_SIZE_UNKNOWN);
    start(request, 3);
    toad_reply(request, 200, NULL, "x", 1);
    toad_reply_format(request, 200, NULL, "y");
    toad_reply_file(request, 200, NULL, open("/dev/null", O_RDONLY | O_CLOEXEC), 0, 1);
    is_refused &= !toad_add_header(request, "X-Late", "1");
    write_text(request, is_refused ? "fine" : "not refused");
    toad_end(request);
    toad_end(request);
    toad_fail(request);
    toad_on_writable(request, NULL);
    write_text(request, "too late");
    toad_body_pause(request);
    toad_body_resume(request);
    toad_release(request);
}

static void answer_in_parts_wrongly(struct toad_request *request)
{
    toad_start(request, 700, NULL, TOAD_SIZE_UNKNOWN);
    write_text(request, "for nobody");
    toad_end(request);
}

static const struct {
    const char *path;
    void (*answer)(struct toad_request *request);
} routes[] = {
    {"/parts", answer_parts},
    {"/parts-sized", answer_sized},
    {"/parts-none", answer_no_parts},
    {"/parts-status", answer_without_body},
    {"/parts-slowly", answer_slowly},
    {"/parts-later", answer_parts_later},
    {"/parts-wrong", answer_in_parts_wrongly},
    {"/trickle", answer_in_a_trickle},
    {"/flood", answer_flood},
    {"/flood-late", answer_flood_late},
    {"/silent", answer_and_fall_silent},
    {"/more", answer_more_than_announced},
    {"/less", answer_less_than_announced},
    {"/fail", fail_in_the_middle},
    {"/fail-at-once", fail_at_once},
    {"/confused", answer_confused},
};

bool played_parts_answer(struct toad_request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, toad_path(request)) == 0) {
            routes[i].answer(request);
            return true;
        }
    return false;
}
