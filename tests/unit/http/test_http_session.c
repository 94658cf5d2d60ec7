#include "http/http_session.h"

#include "base/limits.h"

#include <criterion/criterion.h>
#include <string.h>

enum {
    LIVES = HTTP_LIFE_CLOSED + 1,
    EVENTS = HTTP_SESSION_LOST + 1
};

struct rule {
    enum http_life life;
    enum http_session_event event;
    enum http_life next;
    enum http_life next_if_last;
};

static const struct rule rules[] = {
#define HTTP_RULE(life, event, next, next_if_last)                                                 \
    {HTTP_LIFE_##life, HTTP_SESSION_##event, HTTP_LIFE_##next, HTTP_LIFE_##next_if_last},
#include "http/http_life.def"
#undef HTTP_RULE
};

enum {
    RULES = sizeof rules / sizeof rules[0]
};

static const struct http_session_settings defaults = {
    .keep_alive_timeout_us = 5 * SECOND_US,
    .header_timeout_us = 10 * SECOND_US,
    .inactivity_timeout_us = 30 * SECOND_US,
    .linger_timeout_us = 2 * SECOND_US,
    .keep_alive_requests = 100,
};

static const struct rule *rule_find(enum http_life life, enum http_session_event event)
{
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].life == life && rules[i].event == event)
            return &rules[i];
    return NULL;
}

static struct http_session session_in(enum http_life life)
{
    return (struct http_session){.moved_us = 1, .began_us = 1, .life = life};
}

static void observe(struct http_session *session, enum http_session_event event, int64_t now_us)
{
    cr_assert_eq(http_session_observe(session, event, now_us), ERROR_NONE, "%s in %s",
                 http_session_event_text(event), http_life_text(session->life));
}

/* A session that stands where a request has been read whole, at `now_us`. */
static struct http_session session_working(int64_t now_us)
{
    struct http_session session;
    http_session_init(&session, now_us);
    observe(&session, HTTP_SESSION_HEAD_READ, now_us);
    observe(&session, HTTP_SESSION_BODY_READ, now_us);
    return session;
}

static void check_rule(enum http_life life, enum http_session_event event, bool closes)
{
    const struct rule *rule = rule_find(life, event);
    struct http_session session = session_in(life);
    session.closes = closes;
    struct http_session before = session;
    enum error error = http_session_observe(&session, event, 7);
    if (rule == NULL) {
        cr_expect_eq(error, ERROR_INVALID);
        cr_expect_eq(memcmp(&session, &before, sizeof session), 0);
        return;
    }
    enum http_life next = closes ? rule->next_if_last : rule->next;
    cr_expect_eq(error, ERROR_NONE);
    cr_expect_eq(session.life, next, "%s in %s", http_session_event_text(event),
                 http_life_text(life));
    cr_expect_eq(session.moved_us, 7);
    cr_expect_eq(session.began_us, next == life ? 1 : 7);
}

Test(http_session_observe, follows_the_table_and_refuses_everything_else)
{
    size_t listed = 0;
    for (int life = 0; life < LIVES; life++)
        for (int event = 0; event < EVENTS; event++) {
            check_rule((enum http_life)life, (enum http_session_event)event, false);
            check_rule((enum http_life)life, (enum http_session_event)event, true);
            listed += rule_find((enum http_life)life, (enum http_session_event)event) != NULL;
        }
    cr_expect_eq(listed, RULES, "a rule stands twice");
}

/* Every life can be reached, and from every one the connection comes to its end. */
Test(http_session_observe, leads_from_everywhere_to_the_end)
{
    for (int life = 0; life < HTTP_LIFE_CLOSED; life++) {
        struct http_session session = session_in((enum http_life)life);
        for (int i = 0; i < 3 && session.life != HTTP_LIFE_CLOSED; i++)
            observe(&session, HTTP_SESSION_TIMED_OUT, 2);
        cr_expect_eq(session.life, HTTP_LIFE_CLOSED, "%s", http_life_text((enum http_life)life));
        session = session_in((enum http_life)life);
        observe(&session, HTTP_SESSION_LOST, 2);
        cr_expect_eq(session.life, HTTP_LIFE_CLOSED);
    }
}

Test(http_session_observe, counts_the_heads)
{
    struct http_session session;
    http_session_init(&session, 0);
    for (uint64_t i = 1; i <= 3; i++) {
        observe(&session, HTTP_SESSION_BYTES, 1);
        observe(&session, HTTP_SESSION_HEAD_READ, 1);
        cr_expect_eq(session.requests, i);
        observe(&session, HTTP_SESSION_BODY_READ, 1);
        observe(&session, HTTP_SESSION_ANSWERED, 1);
        cr_expect_eq(session.life, HTTP_LIFE_IDLE);
    }
}

Test(http_session_observe, makes_an_answer_of_the_host_the_last_one)
{
    static const enum http_life lives[] = {HTTP_LIFE_IDLE, HTTP_LIFE_HEAD, HTTP_LIFE_BODY};
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        struct http_session session = session_in(lives[i]);
        observe(&session, HTTP_SESSION_REFUSED, 2);
        cr_expect(session.closes);
        cr_expect_eq(session.life, HTTP_LIFE_FINISHING);
    }
    struct http_session late = session_in(HTTP_LIFE_HEAD);
    observe(&late, HTTP_SESSION_TIMED_OUT, 2);
    cr_expect(late.closes);
    cr_expect_eq(late.life, HTTP_LIFE_FINISHING);
}

/* Promise CON-1 */
Test(http_session_decide, closes_with_the_last_of_keep_alive_requests)
{
    struct http_session_settings settings = defaults;
    settings.keep_alive_requests = 3;
    struct http_session session;
    http_session_init(&session, 0);
    for (int i = 1; i <= 3; i++) {
        observe(&session, HTTP_SESSION_HEAD_READ, 1);
        observe(&session, HTTP_SESSION_BODY_READ, 1);
        http_session_decide(&session, true, false, false, &settings);
        cr_expect_eq(session.closes, i == 3, "request %d", i);
        observe(&session, HTTP_SESSION_ANSWERED, 1);
    }
    cr_expect_eq(session.life, HTTP_LIFE_FINISHING);
}

Test(http_session_decide, lets_any_number_of_requests_follow_without_a_limit)
{
    struct http_session_settings settings = defaults;
    settings.keep_alive_requests = 0;
    struct http_session session = session_working(0);
    session.requests = UINT64_MAX;
    http_session_decide(&session, true, false, false, &settings);
    cr_expect_not(session.closes);
}

/* Promise WRK-3 */
Test(http_session_decide, closes_when_the_client_or_the_worker_wants_to_go)
{
    struct http_session session = session_working(0);
    http_session_decide(&session, true, false, false, &defaults);
    cr_expect_not(session.closes);
    http_session_decide(&session, true, false, true, &defaults);
    cr_expect(session.closes);
    session = session_working(0);
    http_session_decide(&session, false, false, false, &defaults);
    cr_expect(session.closes);
}

/* Promise WRK-3: an idle connection of a leaving worker still serves a request that is on its way.
 */
Test(http_session_decide, comes_into_force_with_the_next_answer)
{
    struct http_session session;
    http_session_init(&session, 0);
    cr_expect_eq(http_session_deadline(&session, &defaults), 5 * SECOND_US);
    observe(&session, HTTP_SESSION_HEAD_READ, 1);
    observe(&session, HTTP_SESSION_BODY_READ, 1);
    http_session_decide(&session, true, false, true, &defaults);
    observe(&session, HTTP_SESSION_ANSWERED, 1);
    cr_expect_eq(session.life, HTTP_LIFE_FINISHING);
}

Test(http_session_decide, never_takes_a_decision_back)
{
    struct http_session session = session_working(0);
    session.closes = true;
    http_session_decide(&session, true, false, false, &defaults);
    cr_expect(session.closes);
}

Test(http_session_decide, closes_when_the_answer_overtakes_the_request)
{
    struct http_session session = session_in(HTTP_LIFE_BODY);
    http_session_decide(&session, true, false, false, &defaults);
    cr_expect(session.closes);
}

/* Promise CON-4: an answer may begin before its request has ended. */
Test(http_session_decide, lets_the_connection_persist_when_the_request_is_read_on)
{
    struct http_session session = session_in(HTTP_LIFE_BODY);
    http_session_decide(&session, true, true, false, &defaults);
    cr_expect_not(session.closes);
    observe(&session, HTTP_SESSION_BEGUN, 2);
    observe(&session, HTTP_SESSION_MOVED, 3);
    observe(&session, HTTP_SESSION_BODY_READ, 4);
    observe(&session, HTTP_SESSION_ANSWERED, 5);
    cr_expect_eq(session.life, HTTP_LIFE_IDLE);
    cr_expect_not(session.closes);
}

Test(http_session_observe, ends_a_connection_whose_request_was_not_read_on_after_all)
{
    struct http_session session = session_in(HTTP_LIFE_BODY);
    http_session_decide(&session, true, true, false, &defaults);
    observe(&session, HTTP_SESSION_BEGUN, 2);
    observe(&session, HTTP_SESSION_ANSWERED, 3);
    cr_expect_eq(session.life, HTTP_LIFE_FINISHING);
    cr_expect(session.closes);
}

/* What has begun cannot be answered with a refusal: the client learns of it by the end. */
Test(http_session_observe, cuts_an_answer_that_cannot_be_completed)
{
    static const struct {
        enum http_life life;
        enum http_session_event event;
    } rows[] = {
        {HTTP_LIFE_ANSWERING, HTTP_SESSION_REFUSED},
        {HTTP_LIFE_ANSWERING, HTTP_SESSION_CUT},
        {HTTP_LIFE_WORKING, HTTP_SESSION_CUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_session session = session_in(rows[i].life);
        observe(&session, rows[i].event, 2);
        cr_expect_eq(session.life, HTTP_LIFE_CLOSED);
    }
}

/* Promises CON-2 and CON-3 */
Test(http_session_deadline, is_as_the_life_says)
{
    static const struct {
        enum http_life life;
        int64_t deadline_us;
    } rows[] = {
        {HTTP_LIFE_IDLE, 200 + 5 * SECOND_US},
        {HTTP_LIFE_HEAD, 100 + 10 * SECOND_US},
        {HTTP_LIFE_BODY, 200 + 30 * SECOND_US},
        {HTTP_LIFE_WORKING, 200 + 30 * SECOND_US},
        {HTTP_LIFE_ANSWERING, 200 + 30 * SECOND_US},
        {HTTP_LIFE_FINISHING, 200 + 30 * SECOND_US},
        {HTTP_LIFE_LINGERING, 100 + 2 * SECOND_US},
        {HTTP_LIFE_CLOSED, NEVER_US},
        {HTTP_LIFE_UPGRADED, NEVER_US},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_session session = session_in(rows[i].life);
        session.began_us = 100;
        session.moved_us = 200;
        cr_expect_eq(http_session_deadline(&session, &defaults), rows[i].deadline_us, "%s",
                     http_life_text(rows[i].life));
    }
}

Test(http_session_deadline, is_never_where_the_setting_is_none_or_beyond_all_time)
{
    struct http_session_settings none = {.linger_timeout_us = SECOND_US};
    struct http_session_settings huge = {.keep_alive_timeout_us = NEVER_US,
                                         .header_timeout_us = NEVER_US,
                                         .inactivity_timeout_us = NEVER_US,
                                         .linger_timeout_us = SECOND_US};
    for (int life = 0; life < LIVES; life++) {
        struct http_session session = session_in((enum http_life)life);
        int64_t expected = life == HTTP_LIFE_LINGERING ? 1 + SECOND_US : NEVER_US;
        cr_expect_eq(http_session_deadline(&session, &none), expected);
        cr_expect_eq(http_session_deadline(&session, &huge), expected);
    }
}

/* Promise CON-3 */
Test(http_session_deadline, of_a_head_does_not_move_with_its_bytes)
{
    struct http_session session;
    http_session_init(&session, 0);
    for (int64_t now_us = SECOND_US; now_us <= 9 * SECOND_US; now_us += SECOND_US) {
        observe(&session, HTTP_SESSION_BYTES, now_us);
        cr_expect_eq(http_session_deadline(&session, &defaults), 11 * SECOND_US);
        observe(&session, HTTP_SESSION_MOVED, now_us);
        cr_expect_eq(http_session_deadline(&session, &defaults), 11 * SECOND_US);
    }
}

/* Promise CON-3 */
Test(http_session_deadline, of_a_request_moves_with_every_byte)
{
    struct http_session session;
    http_session_init(&session, 0);
    observe(&session, HTTP_SESSION_HEAD_READ, 1);
    observe(&session, HTTP_SESSION_MOVED, 7 * SECOND_US);
    cr_expect_eq(http_session_deadline(&session, &defaults), 37 * SECOND_US);
    observe(&session, HTTP_SESSION_BODY_READ, 8 * SECOND_US);
    cr_expect_eq(http_session_deadline(&session, &defaults), 38 * SECOND_US);
    observe(&session, HTTP_SESSION_MOVED, 9 * SECOND_US);
    cr_expect_eq(http_session_deadline(&session, &defaults), 39 * SECOND_US);
}

/* Promise CON-2 */
Test(http_session_deadline, of_an_idle_connection_begins_with_the_answer)
{
    struct http_session session = session_working(0);
    observe(&session, HTTP_SESSION_ANSWERED, 20 * SECOND_US);
    cr_expect_eq(http_session_deadline(&session, &defaults), 25 * SECOND_US);
    observe(&session, HTTP_SESSION_FLUSHED, 21 * SECOND_US);
    cr_expect_eq(http_session_deadline(&session, &defaults), 26 * SECOND_US);
}

Test(http_session_deadline, of_lingering_does_not_move_with_what_is_read_away)
{
    struct http_session session = session_in(HTTP_LIFE_FINISHING);
    observe(&session, HTTP_SESSION_FLUSHED, 10 * SECOND_US);
    observe(&session, HTTP_SESSION_MOVED, 11 * SECOND_US);
    cr_expect_eq(http_session_deadline(&session, &defaults), 12 * SECOND_US);
}

/* Promises CON-2 and CON-3: a client that does not take its answer is no silent one. */
Test(http_session_stall, lets_the_inactivity_timeout_run_whatever_the_life)
{
    for (int life = 0; life < HTTP_LIFE_LINGERING; life++) {
        struct http_session session = session_in((enum http_life)life);
        http_session_stall(&session, 10 * SECOND_US);
        cr_expect_eq(http_session_deadline(&session, &defaults), 40 * SECOND_US, "%s",
                     http_life_text((enum http_life)life));
        observe(&session, HTTP_SESSION_FLUSHED, 12 * SECOND_US);
        cr_expect_not(session.is_stalled);
    }
}

Test(http_session_stall, is_not_prolonged_by_being_seen_again)
{
    struct http_session session = session_in(HTTP_LIFE_WORKING);
    http_session_stall(&session, 10 * SECOND_US);
    http_session_stall(&session, 20 * SECOND_US);
    cr_expect_eq(http_session_deadline(&session, &defaults), 40 * SECOND_US);
    observe(&session, HTTP_SESSION_MOVED, 25 * SECOND_US);
    cr_expect(session.is_stalled);
    cr_expect_eq(http_session_deadline(&session, &defaults), 55 * SECOND_US);
}

Test(http_session_stall, does_not_keep_a_closed_session_waiting)
{
    struct http_session session = session_in(HTTP_LIFE_WORKING);
    http_session_stall(&session, 10);
    observe(&session, HTTP_SESSION_LOST, 11);
    cr_expect_eq(http_session_deadline(&session, &defaults), NEVER_US);
}

Test(http_session_keep_alive_s, is_a_second_less_than_the_truth)
{
    static const struct {
        int64_t timeout_us;
        uint32_t says_s;
    } rows[] = {
        {0, 0},
        {1, 0},
        {SECOND_US - 1, 0},
        {SECOND_US, 0},
        {SECOND_US + SECOND_US / 2, 0},
        {2 * SECOND_US - 1, 0},
        {2 * SECOND_US, 1},
        {2 * SECOND_US + SECOND_US / 2, 1},
        {5 * SECOND_US, 4},
        {3600 * SECOND_US, 3599},
        {(INT64_C(1) + UINT32_MAX) * SECOND_US, UINT32_MAX},
        {NEVER_US, UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_session_settings settings = {.keep_alive_timeout_us = rows[i].timeout_us};
        cr_expect_eq(http_session_keep_alive_s(&settings), rows[i].says_s, "row %zu", i);
    }
}

Test(http_session, has_names_for_lives_and_events)
{
    static const char *const lives[] = {
#define HTTP_LIFE(name, meaning) #name,
#include "http/http_life.def"
#undef HTTP_LIFE
    };
    static const char *const events[] = {
#define HTTP_SESSION_EVENT(name, meaning) #name,
#include "http/http_life.def"
#undef HTTP_SESSION_EVENT
    };
    for (int life = 0; life < LIVES; life++)
        cr_expect_str_eq(http_life_text((enum http_life)life), lives[life]);
    for (int event = 0; event < EVENTS; event++)
        cr_expect_str_eq(http_session_event_text((enum http_session_event)event), events[event]);
    cr_expect_str_eq(http_life_text((enum http_life)LIVES), "?");
    cr_expect_str_eq(http_session_event_text((enum http_session_event)EVENTS), "?");
}
