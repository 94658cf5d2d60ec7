#include "worker/turns.h"

#include "base/limits.h"
#include "worker/connection.h"
#include "worker/worker_process.h"

#include <criterion/criterion.h>

#include <string.h>

enum {
    PLAYERS = 4,
    TURNS_MAX = 64
};

bool __wrap_connection_turn(struct connection *connection, int events);
void __wrap_worker_refresh_time(struct toad_worker *of);

static struct toad_worker worker;
static struct connection players[PLAYERS];
static bool wants_more[PLAYERS];
static struct connection *victim; /* goes in the next turn of another one */
static char order[TURNS_MAX + 1]; /* who had a turn, one letter for each */
static ev_timer others;
static bool is_shaking[PLAYERS];
static int64_t now_us;
static int64_t step_us; /* what a turn of who shakes hands takes */

static void begin(void)
{
    memset(order, 0, sizeof order);
    worker.loop = ev_loop_new(EVFLAG_AUTO);
    cr_assert_not_null(worker.loop);
    turns_init(&worker.turns, &worker);
    turns_start(&worker.turns);
}

static void end(void)
{
    ev_loop_destroy(worker.loop);
}

TestSuite(turns, .init = begin, .fini = end);

static void note(char letter)
{
    size_t size = strlen(order);
    if (size < TURNS_MAX)
        order[size] = letter;
}

bool __wrap_connection_turn(struct connection *connection, int events)
{
    size_t player = (size_t)(connection - players);
    cr_expect_eq(events, is_shaking[player] ? EV_READ : 0);
    note((char)('a' + player));
    now_us += is_shaking[player] ? step_us : 0;
    if (victim != NULL && victim != connection)
        turns_remove(victim);
    if (wants_more[player])
        turns_add_ready(&worker.turns, connection);
    return true;
}

void __wrap_worker_refresh_time(struct toad_worker *of)
{
    of->now_us = now_us;
}

static void add(const char *letters)
{
    for (; *letters != '\0'; letters++)
        turns_add_ready(&worker.turns, &players[*letters - 'a']);
}

static void on_others(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    note('.');
    ev_timer_stop(loop, timer);
}

/* Somebody else waits to be served, too: each time is a dot. */
static void run(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        ev_timer_init(&others, on_others, 0., 0.);
        ev_timer_start(worker.loop, &others);
        (void)ev_run(worker.loop, EVRUN_ONCE);
    }
}

Test(turns, are_had_in_order_and_once)
{
    add("bcab");
    run(2);
    cr_expect_str_eq(order, "bca..");
}

/* Whoever has always something to do lets others have their turn, those at the sockets as well. */
Test(turns, are_shared_by_all)
{
    wants_more[0] = true;
    add("ab");
    run(3);
    cr_expect_str_eq(order, "ab.a.a.");
    wants_more[0] = false;
}

/* Nothing happens at any socket, and the loop goes on all the same. */
Test(turns, are_not_waited_for)
{
    wants_more[0] = true;
    add("a");
    for (int i = 0; i < 3; i++)
        (void)ev_run(worker.loop, EVRUN_ONCE);
    cr_expect_str_eq(order, "aaa");
    wants_more[0] = false;
}

Test(turns, are_lost_by_who_has_gone)
{
    static const struct {
        const char *before;
        const char *gone;
        const char *after;
        const char *order;
    } table[] = {
        {"abc", "a", "", "bc."},   {"abc", "b", "d", "acd."}, {"abc", "c", "d", "abd."},
        {"a", "a", "d", "d."},     {"a", "a", "", "."},       {"ab", "d", "", "ab."},
        {"abc", "bc", "d", "ad."},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        memset(order, 0, sizeof order);
        add(table[i].before);
        for (const char *gone = table[i].gone; *gone != '\0'; gone++)
            turns_remove(&players[*gone - 'a']);
        add(table[i].after);
        run(1);
        cr_expect_str_eq(order, table[i].order, "row %zu", i);
    }
}

Test(turns, may_be_lost_in_the_turn_of_another)
{
    victim = &players[1];
    add("abc");
    run(1);
    cr_expect_str_eq(order, "ac.");
    victim = NULL;
}

static void add_shaking(const char *letters)
{
    for (; *letters != '\0'; letters++) {
        is_shaking[*letters - 'a'] = true;
        turns_add_shaking(&worker.turns, &players[*letters - 'a']);
    }
}

/* Promise LSN-3: a flood of handshakes does not keep others waiting. */
Test(turns, of_those_who_shake_hands_have_a_share_of_each_round)
{
    static const struct {
        int64_t step_us;
        const char *order;
    } table[] = {
        {0, "dabc."},
        {HANDSHAKES_ROUND_US / 4, "dabc."},
        {HANDSHAKES_ROUND_US / 2, "dab.c."},
        {HANDSHAKES_ROUND_US, "da.b.c."},
        {100 * HANDSHAKES_ROUND_US, "da.b.c."},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        memset(order, 0, sizeof order);
        step_us = table[i].step_us;
        add_shaking("abca");
        add("d");
        for (unsigned rounds = 0; worker.turns.shaking.count > 0 && rounds < PLAYERS; rounds++)
            run(1);
        cr_expect_str_eq(order, table[i].order, "row %zu: %s", i, order);
    }
}

Test(turns, of_those_who_shake_hands_are_not_waited_for)
{
    step_us = HANDSHAKES_ROUND_US;
    add_shaking("abc");
    for (int i = 0; i < 2; i++)
        (void)ev_run(worker.loop, EVRUN_ONCE);
    cr_expect_str_eq(order, "ab");
    run(1);
    cr_expect_str_eq(order, "abc.");
}
