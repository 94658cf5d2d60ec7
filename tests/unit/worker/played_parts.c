/* Answers in parts, files, and fields that the application adds. */
#include "played.h"

#include "served.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static uint64_t number(struct toad_request *request, const char *name)
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
    toad_start(request, (int)number(request, "status"), NULL, TOAD_SIZE_UNKNOWN);
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
    *slow = (struct slow){request, NULL, (unsigned)number(request, "first")};
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
    *flood = (struct flood){number(request, "bytes"), number(request, "most")};
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

/* ---- Fields ---- */

static void answer_fields(struct toad_request *request)
{
    static const char *const wrong[][2] = {
        {"", "v"},
        {"X Y", "v"},
        {"X:", "v"},
        {"X", "a\r\nY: b"},
        {"X", "a\nb"},
        {"X", "a\x01"},
        {"X", "\x7f"},
        {"Content-Length", "1"},
        {"transfer-encoding", "chunked"},
        {"Connection", "close"},
        {"Date", "now"},
        {"Keep-Alive", "1"},
        {"Upgrade", "x"},
        {"Trailer", "X"},
        {NULL, NULL},
    };
    unsigned refused = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused += !toad_add_header(request, wrong[i][0], wrong[i][1]);
    bool are_taken = toad_add_header(request, "X-One", "1") &&
                     toad_add_header(request, "X-One", "2\t3 \xc3\xa4") &&
                     toad_add_header(request, "Set-Cookie", "a=b; Path=/");
    bool is_empty_taken = toad_add_header(request, "X-Empty", "");
    toad_reply_format(request, 200, "text/plain", "%u %d %d", refused, are_taken, is_empty_taken);
}

/* As many as fit; the value is 1000 bytes long. */
static void answer_many_fields(struct toad_request *request)
{
    char value[1001];
    unsigned count = 0;
    memset(value, 'v', 1000);
    value[1000] = '\0';
    while (count < 100 && toad_add_header(request, "X-Many", value))
        count++;
    toad_reply_format(request, 200, "text/plain", "%u", count);
}

static void answer_trailers(struct toad_request *request)
{
    toad_add_header(request, "X-Kind", "trailers");
    start(request, toad_parameter(request, "sized") == NULL ? TOAD_SIZE_UNKNOWN : 4);
    bool is_first_sent = toad_add_trailer(request, "X-Sum", "12");
    bool is_wrong_sent =
        toad_add_trailer(request, "Content-Length", "4") || toad_add_trailer(request, "X", "a\nb");
    bool is_second_sent = toad_add_trailer(request, "X-More", "34");
    char text[5];
    (void)snprintf(text, sizeof text, "%d%d%d.", is_first_sent, is_wrong_sent, is_second_sent);
    write_text(request, text);
    toad_end(request);
}

/* ---- Files ---- */

static int make_file(size_t size)
{
    int fd = memfd_create("played", MFD_CLOEXEC);
    char block[1000];
    for (size_t i = 0; i < size; i += sizeof block) {
        (void)snprintf(block, sizeof block, "%0*zu", (int)sizeof block - 1, i);
        block[sizeof block - 1] = '\n';
        size_t rest = size - i < sizeof block ? size - i : sizeof block;
        if (pwrite(fd, block, rest, (off_t)i) != (ssize_t)rest)
            abort();
    }
    return fd;
}

static void answer_file(struct toad_request *request)
{
    int fd = make_file(number(request, "bytes"));
    toad_on_abort(request, count_abort);
    toad_add_header(request, "X-Kind", "file");
    toad_set_data(request, &served->destroyed, NULL);
    served->begun++;
    toad_reply_file(request, 200, "text/x", fd, number(request, "from"), number(request, "size"));
    toad_body_all(request, 1, NULL);
}

static void answer_no_file(struct toad_request *request)
{
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    toad_reply_file(request, 200, NULL, fd, 0, 10);
}

static void answer_closed_file(struct toad_request *request)
{
    toad_reply_file(request, 200, NULL, -1, 0, 10);
}

static void answer_file_out_of_range(struct toad_request *request)
{
    toad_reply_file(request, 200, NULL, make_file(10), UINT64_MAX, 10);
}

static void answer_file_wrongly(struct toad_request *request)
{
    toad_reply_file(request, 99, NULL, make_file(10), 0, 10);
}

static void answer_file_from_a_timer(void *data)
{
    answer_file(data);
    toad_release(data);
}

static void answer_file_later(struct toad_request *request)
{
    toad_hold(request);
    if (toad_timer_start(toad_request_worker(request), 0., answer_file_from_a_timer, request) !=
        NULL)
        return;
    toad_log(2, "no memory for a timer");
    toad_release(request);
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
    {"/fields", answer_fields},
    {"/fields-many", answer_many_fields},
    {"/trailers", answer_trailers},
    {"/file", answer_file},
    {"/file-later", answer_file_later},
    {"/file-none", answer_no_file},
    {"/file-closed", answer_closed_file},
    {"/file-range", answer_file_out_of_range},
    {"/file-wrong", answer_file_wrongly},
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
