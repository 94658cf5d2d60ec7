/* The table of phases and events, walked; and the step as a pure function: promise MGR-15. */
#include "driver.h"

#include "policy/manager_text.h"

#include <criterion/criterion.h>

#include <string.h>

struct pair {
    enum manager_phase phase;
    enum manager_event_kind event;
};

static const struct pair rules[] = {
#define MANAGER_RULE(phase, event, handle) {MANAGER_##phase, MANAGER_EVENT_##event},
#include "policy/manager.def"
#undef MANAGER_RULE
};

enum {
    RULES = sizeof rules / sizeof rules[0],
    PHASES = MANAGER_GONE + 1,
    EVENTS = MANAGER_EVENT_PREDECESSOR_GONE + 1
};

/* A manager in this phase, with a worker 101 and a fork under way where there can be one. */
static void enter(enum manager_phase phase)
{
    struct manager_settings settings = driver_settings(2, 2);
    manager_init(&driven, &settings);
    if (phase == MANAGER_UNSTARTED)
        return;
    if (phase == MANAGER_STARTING || phase == MANAGER_ASKING)
        driver_follow(settings);
    else
        driver_start(settings);
    driver_spawned(0, 101);
    if (phase == MANAGER_STARTING)
        return;
    driver_spawned(0, 102);
    driver_beat(0, 101);
    driver_beat(0, 102);
    if (phase == MANAGER_ASKING)
        driver_one_less(0, 1);
    if (phase == MANAGER_ASKING)
        driver_send(0, MANAGER_EVENT_ONE_MORE);
    if (phase == MANAGER_ASKING)
        return;
    driver_kill(0.5, 102, 9);
    if (phase == MANAGER_LEAVING)
        driver_send(0.5, MANAGER_EVENT_STOP_GRACEFULLY);
    if (phase == MANAGER_STOPPING || phase == MANAGER_GONE)
        driver_send(0.5, MANAGER_EVENT_STOP_NOW);
    if (phase != MANAGER_GONE)
        return;
    driver_send(0.5, MANAGER_EVENT_SPAWN_FAILED);
    driver_exit(0.5, 101, 0);
}

static struct manager_event event_of(enum manager_event_kind kind)
{
    bool is_new = kind == MANAGER_EVENT_SPAWNED || kind == MANAGER_EVENT_UPGRADE_SPAWNED;
    return (struct manager_event){.kind = kind, .pid = is_new ? 201 : 101, .chunk = BYTES("101\n")};
}

/* A hot deployment about which this can be said. */
static void deploy(enum manager_event_kind kind)
{
    if (kind == MANAGER_EVENT_UPGRADE_SPAWNED)
        driven.upgrade.life = UPGRADE_FORKING;
    if (kind == MANAGER_EVENT_UPGRADE_READY)
        driven.upgrade = (struct upgrade){UPGRADE_ABORTING, 300, 0, 0};
}

Test(manager_init, begins_with_nothing_whatever_lay_in_memory)
{
    struct manager_settings settings = driver_settings(3, 2);
    memset(&driven, 0xa5, sizeof driven);
    manager_init(&driven, &settings);
    cr_assert_eq(driven.phase, MANAGER_UNSTARTED);
    cr_assert_eq(driven.settings.graceful_timeout_us, settings.graceful_timeout_us);
    cr_assert_eq(driven.wanted, 3);
    cr_assert_eq(driven.spawning, 0);
    cr_assert_eq(driven.exit_status, 0);
    cr_assert_eq(driven.predecessor, 0);
    cr_assert_eq(driven.upgrade.life, UPGRADE_IDLE);
    cr_assert_eq(driven.upgrade.pid, 0);
    cr_assert_not(driven.has_pid_file);
    cr_assert_eq(driven.wake_us, NEVER_US);
    cr_assert_eq(driven.backoff.failures, 0);
    cr_assert_eq(driven.reader.size, 0);
    cr_assert_not(driven.reader.is_overlong);
    cr_assert_eq(driven.roster.count, 0);
}

static bool is_listed(enum manager_phase phase, enum manager_event_kind event)
{
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].phase == phase && rules[i].event == event)
            return true;
    return false;
}

/* Promise MGR-15: every pair has an answer; what is not listed is refused and changes nothing. */
Test(manager_decide, takes_what_is_listed_and_refuses_what_is_not)
{
    static struct manager before;
    for (int phase = 0; phase < PHASES; phase++)
        for (int kind = 0; kind < EVENTS; kind++) {
            enter((enum manager_phase)phase);
            cr_assert_eq((int)driven.phase, phase);
            deploy((enum manager_event_kind)kind);
            memcpy(&before, &driven, sizeof before);
            taken.count = 7;
            struct manager_event event = event_of((enum manager_event_kind)kind);
            enum error error = manager_decide(&driven, &event, SECOND_US, &taken);
            bool listed = is_listed(before.phase, event.kind);
            cr_assert_eq(error, listed ? ERROR_NONE : ERROR_INVALID, "%s in %s",
                         manager_event_text(event.kind), manager_phase_text(before.phase));
            if (listed)
                continue;
            cr_assert_eq(taken.count, 0);
            cr_assert_eq(memcmp(&before, &driven, sizeof before), 0);
        }
}

Test(manager_def, lists_no_pair_twice)
{
    for (size_t i = 0; i < RULES; i++)
        for (size_t k = 0; k < i; k++)
            cr_assert(rules[i].phase != rules[k].phase || rules[i].event != rules[k].event);
}

/* Promises MGR-2 and MGR-3: a phase never leads back. */
Test(manager_def, lists_only_changes_that_lead_forward)
{
    static const struct {
        enum manager_phase from;
        enum manager_phase to;
    } changes[] = {
#define MANAGER_CHANGE(from, to, when) {MANAGER_##from, MANAGER_##to},
#include "policy/manager.def"
#undef MANAGER_CHANGE
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        cr_assert_lt(changes[i].from, changes[i].to);
}

/* A shell that reports what nobody asked for is told so, and nothing changes. */
Test(manager_decide, refuses_outcomes_of_forks_that_it_did_not_ask_for)
{
    static struct manager before;
    static const int32_t pids[] = {101, 1, 0, -1, INT32_MIN};
    driver_run(driver_settings(1, 2));
    driver_send(1, MANAGER_EVENT_ONE_MORE);
    for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++) {
        memcpy(&before, &driven, sizeof before);
        struct manager_event event = {.kind = MANAGER_EVENT_SPAWNED, .pid = pids[i]};
        cr_assert_eq(manager_decide(&driven, &event, SECOND_US, &taken), ERROR_INVALID);
        cr_assert_eq(memcmp(&before, &driven, sizeof before), 0, "pid %d", pids[i]);
    }
    driver_spawned(1, 2);
    cr_assert_not_null(driver_row(2), "no pid but that of init is refused");
    struct manager_event fail = {.kind = MANAGER_EVENT_SPAWN_FAILED};
    cr_assert_eq(manager_decide(&driven, &fail, SECOND_US, &taken), ERROR_INVALID);
    struct manager_event more = {.kind = MANAGER_EVENT_SPAWNED, .pid = 103};
    cr_assert_eq(manager_decide(&driven, &more, SECOND_US, &taken), ERROR_INVALID);
    cr_assert_eq(taken.count, 0);
}

/* Promise HBT-4: a beat of nobody changes nothing. */
Test(manager_decide, ignores_heartbeats_of_strangers)
{
    static struct manager before;
    driver_run(driver_settings(2, 2));
    memcpy(&before, &driven, sizeof before);
    driver_beat(3, 4711);
    driver_farewell(3, 4711);
    driver_pipe(3, BYTES("4711\n4711:1\nxyz\n"));
    cr_assert_eq(taken.count, 0);
    cr_assert_eq(memcmp(&before, &driven, sizeof before), 0);
}

enum {
    TRACE_SIZE = 1 << 20
};

static void record(const struct manager_event *event, int64_t now_us, struct buffer *trace)
{
    if (manager_decide(&driven, event, now_us, &taken) == ERROR_NONE)
        cr_assert(manager_event_write(trace, event, now_us, &driven.settings));
    for (uint32_t i = 0; i < taken.count; i++)
        cr_assert(manager_action_write(trace, &taken.list[i], now_us));
}

/* Some thousand events by a seed, and an end; events and actions are appended as a trace. */
static void run_by_seed(uint32_t seed, struct buffer *trace)
{
    uint32_t chance = seed;
    int32_t next_pid = 104;
    driver_run(driver_settings(3, 2));
    for (int64_t i = 1; i < 2000; i++) {
        chance = chance * 1664525u + 1013904223u;
        uint32_t kind = (chance >> 16) % EVENTS;
        bool is_stop = kind == MANAGER_EVENT_STOP_NOW || kind == MANAGER_EVENT_STOP_GRACEFULLY;
        if (is_stop && i < 1900)
            continue;
        struct manager_event event = {.kind = (enum manager_event_kind)kind, .dice = chance};
        bool is_new = kind == MANAGER_EVENT_SPAWNED || kind == MANAGER_EVENT_UPGRADE_SPAWNED;
        event.pid = is_new ? next_pid++ : next_pid - (int32_t)(chance >> 29);
        record(&event, i * 700 * MILLISECOND_US, trace);
    }
}

/* Promise MGR-15: the same trace always gives the same actions. */
Test(manager_decide, decides_the_same_in_the_same_situation)
{
    static char storage[2][TRACE_SIZE];
    struct buffer traces[2];
    for (uint32_t seed = 1; seed < 20; seed++) {
        for (int i = 0; i < 2; i++) {
            /* What lay in memory before must not matter. */
            memset(&driven, i == 0 ? 0x00 : 0xa5, sizeof driven);
            memset(&taken, i == 0 ? 0x00 : 0x5a, sizeof taken);
            buffer_init(&traces[i], storage[i], TRACE_SIZE);
            run_by_seed(seed, &traces[i]);
        }
        cr_assert(bytes_equal(buffer_view(&traces[0]), buffer_view(&traces[1])), "seed %u", seed);
        cr_assert_gt(traces[0].size, 10000);
    }
}

/* As many workers as there can be, all of them dealt with in one event. */
Test(manager_decide, has_room_for_the_actions_of_a_full_house)
{
    struct manager_settings settings = driver_settings(WORKERS_MAX, SPARE_MAX);
    driver_run(settings);
    for (int32_t i = 1; i <= WORKERS_MAX; i++)
        driver_farewell(0, 100 + i);
    cr_assert_eq(driven.spawning, SPARE_MAX);
    for (int32_t i = 1; i <= SPARE_MAX; i++)
        driver_spawned(0, 10000 + i);
    cr_assert_eq(driven.roster.count, ROSTER_ROWS_MAX);
    driver_send(7, MANAGER_EVENT_TICK);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), SPARE_MAX, "all new ones were silent");
    driver_send(30, MANAGER_EVENT_REOPEN_LOGS);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), ROSTER_ROWS_MAX);
    driver_send(37, MANAGER_EVENT_TICK);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), ROSTER_ROWS_MAX);
    cr_assert_leq(taken.count, MANAGER_ACTIONS_MAX);
}
