#include "apps/kit.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define SECONDS_MAX UINT64_C(3600)
#define ALLOW_SIZE_MAX 128

/* ---- Routes ---- */

static bool method_fits(const char *wanted, const char *method)
{
    if (wanted == NULL || strcmp(wanted, method) == 0)
        return true;
    return strcmp(wanted, "GET") == 0 && strcmp(method, "HEAD") == 0;
}

/* RFC 9110 15.5.6: whoever gets 405 is told what is allowed. */
static void refuse_method(const struct kit_route *routes, size_t count,
                          struct toad_request *request)
{
    char methods[ALLOW_SIZE_MAX] = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].path, toad_path(request)) != 0)
            continue;
        size_t size = strlen(methods);
        bool is_get = strcmp(routes[i].method, "GET") == 0;
        (void)snprintf(methods + size, sizeof(methods) - size, "%s%s%s", size > 0 ? ", " : "",
                       routes[i].method, is_get ? ", HEAD" : "");
    }
    (void)toad_add_header(request, "Allow", methods);
    kit_reply_text(request, 405, "This method is not allowed here\n");
}

void kit_route(const struct kit_route *routes, size_t count, void *state,
               struct toad_request *request)
{
    const char *path = toad_path(request);
    bool is_known = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        if (method_fits(routes[i].method, toad_method(request))) {
            routes[i].answer(state, request);
            return;
        }
        is_known = true;
    }
    if (is_known)
        refuse_method(routes, count, request);
    else
        kit_reply_text(request, 404, "Not Found\n");
}

void kit_reply_text(struct toad_request *request, int status, const char *text)
{
    toad_reply(request, status, "text/plain", text, strlen(text));
}

/* ---- Numbers ---- */

/* Reads digits; `*text` moves behind them. */
static bool read_digits(const char **text, uint64_t most, uint64_t *ret_number)
{
    const char *at = *text;
    uint64_t number = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (digit > most || number > (most - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (at == *text)
        return false;
    *text = at;
    *ret_number = number;
    return true;
}

/* Reads up to six digits behind the point. */
static bool read_decimals(const char **text, int64_t *ret_time_us)
{
    const char *at = *text;
    int64_t time_us = 0;
    int64_t unit_us = SECOND_US / 10;
    for (; *at >= '0' && *at <= '9' && unit_us > 0; at++, unit_us /= 10)
        time_us += (*at - '0') * unit_us;
    if (at == *text)
        return false;
    *text = at;
    *ret_time_us = time_us;
    return true;
}

static bool read_seconds(const char *text, int64_t *ret_time_us)
{
    uint64_t whole = 0;
    int64_t decimals_us = 0;
    if (!read_digits(&text, SECONDS_MAX, &whole))
        return false;
    if (*text == '.') {
        text++;
        if (!read_decimals(&text, &decimals_us))
            return false;
    }
    int64_t time_us = (int64_t)whole * SECOND_US + decimals_us;
    if (*text != '\0' || time_us > (int64_t)SECONDS_MAX * SECOND_US)
        return false;
    *ret_time_us = time_us;
    return true;
}

bool kit_number(struct toad_request *request, const char *name, uint64_t most, uint64_t *ret_number)
{
    const char *text = toad_parameter(request, name);
    uint64_t number = 0;
    if (text == NULL || !read_digits(&text, most, &number) || *text != '\0') {
        toad_reply_format(request, 400, "text/plain",
                          "%s: the parameter %s must be a whole number from 0 to %" PRIu64 "\n",
                          toad_path(request), name, most);
        return false;
    }
    *ret_number = number;
    return true;
}

bool kit_seconds(struct toad_request *request, const char *name, int64_t *ret_time_us)
{
    const char *text = toad_parameter(request, name);
    if (text == NULL || !read_seconds(text, ret_time_us)) {
        toad_reply_format(request, 400, "text/plain",
                          "%s: the parameter %s must be seconds from 0 to %" PRIu64
                          " with at most six decimals, such as 0.25\n",
                          toad_path(request), name, SECONDS_MAX);
        return false;
    }
    return true;
}

/* ---- An answer that takes its time ---- */

/* Lives as long as its request. */
struct slow {
    struct toad_request *request;
    struct toad_timer *timer;
};

static void slow_end(void *data)
{
    struct slow *slow = data;
    kit_reply_text(slow->request, 200, "slow");
    toad_release(slow->request);
}

static void slow_abort(void *state, struct toad_request *request)
{
    (void)state;
    struct slow *slow = toad_data(request);
    toad_timer_stop(slow->timer);
    toad_release(request);
}

static struct slow *slow_start(struct toad_request *request, int64_t time_us)
{
    struct slow *slow = toad_alloc(request, sizeof(*slow));
    if (slow == NULL)
        return NULL;
    slow->request = request;
    slow->timer = toad_timer_start(toad_request_worker(request),
                                   (double)time_us / (double)SECOND_US, slow_end, slow);
    return slow->timer == NULL ? NULL : slow;
}

void kit_answer_slowly(void *state, struct toad_request *request)
{
    (void)state;
    int64_t time_us = 0;
    if (!kit_seconds(request, "s", &time_us))
        return;
    struct slow *slow = slow_start(request, time_us);
    if (slow == NULL) {
        kit_reply_text(request, 503, "There is no memory for a timer\n");
        return;
    }
    toad_set_data(request, slow, NULL);
    toad_on_abort(request, slow_abort);
    toad_hold(request);
}

/* ---- Two ways to break a worker ---- */

void kit_crash(void)
{
    /* A sanitizer would report the fault and exit instead. */
    (void)signal(SIGSEGV, SIG_DFL);
    /* The lowest page is never there; volatile, so that no compiler knows where this points. */
    volatile uintptr_t nowhere = 1;
    *(volatile char *)nowhere = 1;
    abort();
}

void kit_spin(void)
{
    /* volatile: the loop has an effect, so it must not be removed (C17 6.8.5). */
    for (volatile unsigned turns = 0;; turns++)
        continue;
}
