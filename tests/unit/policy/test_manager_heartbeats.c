/* How the manager judges heartbeats: promises HBT-1 to HBT-4 and MGR-12. */
#include "driver.h"

#include <criterion/criterion.h>

struct times {
    double interval;
    double timeout;
};

static const struct times table[] = {{5, 2},      {1, 1},      {0.25, 0.1},  {0.2, 0.3},
                                     {5, 0},      {0.01, 0.5}, {59.5, 0.25}, {1.000001, 0.000001},
                                     {3600, 7200}};

enum {
    TIMES = sizeof table / sizeof table[0]
};

static struct manager_settings settings_of(struct times times)
{
    struct manager_settings settings = driver_settings(2, 2);
    settings.heartbeat_interval_us = driver_us(times.interval);
    settings.heartbeat_timeout_us = driver_us(times.timeout);
    return settings;
}

static void tick(int64_t now_us)
{
    driver_feed(now_us, (struct manager_event){.kind = MANAGER_EVENT_TICK});
}

static void beat(int64_t now_us, int32_t pid)
{
    driver_feed(now_us, (struct manager_event){.kind = MANAGER_EVENT_HEARTBEAT, .pid = pid});
}

/* Worker 101 beats at `last_us`, the other one whenever it should. */
static int64_t prepare(const struct manager_settings *settings, int64_t last_us)
{
    driver_run(*settings);
    for (int64_t at_us = 0; at_us < last_us; at_us += settings->heartbeat_interval_us) {
        beat(at_us, 101);
        beat(at_us, 102);
    }
    beat(last_us, 101);
    return last_us + settings->heartbeat_interval_us + settings->heartbeat_timeout_us;
}

/* Promise HBT-2: at interval + timeout or later, and not before: the table of times. */
Test(manager_heartbeat, is_missed_exactly_after_interval_and_timeout)
{
    static const int64_t offsets_us[] = {-MILLISECOND_US, -1, 0, 1, MILLISECOND_US};
    for (size_t i = 0; i < TIMES; i++)
        for (size_t k = 0; k < sizeof offsets_us / sizeof offsets_us[0]; k++) {
            struct manager_settings settings = settings_of(table[i]);
            /* The last beat of 101 lies between two of the other worker. */
            int64_t last_us = 3 * settings.heartbeat_interval_us - 1;
            int64_t due_us = prepare(&settings, last_us);
            beat(due_us - 1, 102);
            cr_assert_eq(driven.wake_us, due_us);
            tick(due_us + offsets_us[k]);
            bool is_due = offsets_us[k] >= 0;
            cr_assert_eq(driver_signalled(101, WORKER_SIGNAL_QUIT), is_due, "row %zu, offset %lld",
                         i, (long long)offsets_us[k]);
            cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), is_due ? 1 : 0);
        }
}

/* Promise HBT-2: "or start": a worker that never beats is judged from its start. */
Test(manager_heartbeat, is_expected_from_the_start_of_a_worker)
{
    static const int64_t offsets_us[] = {-MILLISECOND_US, -1, 0, 1, MILLISECOND_US};
    for (size_t i = 0; i < TIMES; i++)
        for (size_t k = 0; k < sizeof offsets_us / sizeof offsets_us[0]; k++) {
            struct manager_settings settings = settings_of(table[i]);
            driver_run(settings);
            driver_send(0, MANAGER_EVENT_ONE_MORE);
            int64_t start_us = settings.heartbeat_interval_us;
            beat(start_us, 101);
            beat(start_us, 102);
            driver_feed(start_us,
                        (struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = 103});
            int64_t due_us =
                start_us + settings.heartbeat_interval_us + settings.heartbeat_timeout_us;
            beat(due_us - 1, 101);
            beat(due_us - 1, 102);
            tick(due_us + offsets_us[k]);
            cr_assert_eq(driver_signalled(103, WORKER_SIGNAL_QUIT), offsets_us[k] >= 0,
                         "row %zu, offset %lld", i, (long long)offsets_us[k]);
        }
}

/* Promises HBT-2 and MGR-4: asked once, forced after graceful_timeout. */
Test(manager_heartbeat, once_missed_leads_to_quit_term_and_kill)
{
    driver_run(driver_settings(1, 1));
    tick(7 * SECOND_US);
    cr_assert_eq(driver_number(MANAGER_NOTE_WORKER_SILENT), 101);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "HBT-2");
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
    driver_spawned(7, 102);
    for (int second = 8; second < 37; second++) {
        beat(second * SECOND_US, 102);
        tick(second * SECOND_US);
        cr_assert_eq(taken.count, 0);
    }
    tick(37 * SECOND_US);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
    tick(38 * SECOND_US);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_KILL));
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
}

/* Promise HBT-2: a beat that comes after the worker was asked to leave does not take it back. */
Test(manager_heartbeat, that_comes_too_late_changes_nothing)
{
    driver_run(driver_settings(1, 1));
    tick(7 * SECOND_US);
    beat(7 * SECOND_US, 101);
    cr_assert_eq(driver_row(101)->life, WORKER_QUITTING);
    cr_assert_eq(taken.count, 0);
}

/* Promise HBT-4: through the pipe, torn, among garbage and strangers. */
Test(manager_pipe, is_read_without_losing_or_misattributing_a_beat)
{
    static const char stream[] = "999\n101\n99999999999\n102:1\n\n103:1\n4711:1\n";
    for (size_t cut = 0; cut < sizeof stream; cut++) {
        driver_run(driver_settings(3, 2));
        driver_pipe(4, (struct bytes){stream, cut});
        driver_pipe(4, (struct bytes){stream + cut, sizeof stream - 1 - cut});
        cr_assert_eq(driver_row(101)->heard_us, 4 * SECOND_US, "cut at %zu", cut);
        cr_assert_eq(driver_row(101)->life, WORKER_READY);
        cr_assert_eq(driver_row(102)->life, WORKER_LEAVING);
        cr_assert_eq(driver_row(103)->life, WORKER_LEAVING);
        cr_assert_eq(driven.roster.count, 3);
        cr_assert_eq(driven.spawning, 2);
    }
}

/* Promise HBT-4: an ending manager reads on, so that no worker waits for a full pipe. */
Test(manager_pipe, is_read_without_a_word_while_the_manager_ends)
{
    static const enum manager_event_kind ends[] = {MANAGER_EVENT_STOP_GRACEFULLY,
                                                   MANAGER_EVENT_STOP_NOW};
    for (size_t i = 0; i < 2; i++) {
        driver_run(driver_settings(2, 2));
        driver_send(1, ends[i]);
        driver_pipe(1.25, BYTES("101\n102:1\n10"));
        cr_assert_eq(taken.count, 0);
        cr_assert_eq(driver_row(101)->heard_us, driver_us(1.25));
        cr_assert_eq(driver_row(102)->heard_us, driver_us(1.25));
        driver_beat(1.5, 102);
        cr_assert_eq(taken.count, 0);
        cr_assert_eq(driver_row(102)->heard_us, driver_us(1.5));
    }
}

/* Promise HBT-1: the first beat makes a worker ready; a farewell at once makes it leave. */
Test(manager_heartbeat, makes_a_worker_ready_or_lets_it_leave)
{
    driver_start(driver_settings(2, 2));
    driver_spawned(0, 101);
    driver_spawned(0, 102);
    driver_beat(1, 101);
    cr_assert_eq(driver_row(101)->life, WORKER_READY);
    cr_assert_eq(driver_row(101)->ready_us, SECOND_US);
    driver_beat(2, 101);
    cr_assert_eq(driver_row(101)->ready_us, SECOND_US);
    driver_farewell(2, 102);
    cr_assert_eq(driver_row(102)->life, WORKER_LEAVING);
    cr_assert_eq(driver_row(102)->leaving_us, 2 * SECOND_US);
}

/* Promise MGR-12: late for its own deadline by more than an interval, the manager forgives. */
Test(manager_late, forgives_when_it_was_held_up_itself)
{
    static const struct {
        int64_t late_us;
        bool forgives;
    } cases[] = {{0, false},
                 {SECOND_US, false},
                 {5 * SECOND_US, false},
                 {5 * SECOND_US + 1, true},
                 {3600 * SECOND_US, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        driver_run(driver_settings(2, 2));
        int64_t now_us = 7 * SECOND_US + cases[i].late_us;
        tick(now_us);
        cr_assert_eq(driver_said(MANAGER_NOTE_HELD_UP), cases[i].forgives, "case %zu", i);
        cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), cases[i].forgives ? 0 : 2, "case %zu", i);
        if (!cases[i].forgives)
            continue;
        cr_assert_eq(driver_number(MANAGER_NOTE_HELD_UP), 2);
        tick(now_us + 7 * SECOND_US - 1);
        cr_assert_eq(taken.count, 0, "a whole interval and timeout are granted anew");
        tick(now_us + 7 * SECOND_US);
        cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 2);
    }
}

/* Promise MGR-12: what is pending is read first; only who is still silent then is forgiven. */
Test(manager_late, reads_first_and_forgives_the_rest)
{
    driver_run(driver_settings(2, 2));
    driver_farewell(1, 102);
    driver_spawned(1, 103);
    driver_pipe(60, BYTES("101\n"));
    cr_assert_eq(taken.count, 0);
    driver_send(60, MANAGER_EVENT_HELD_UP);
    cr_assert_eq(driver_number(MANAGER_NOTE_HELD_UP), 2);
    tick(60 * SECOND_US);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
    cr_assert(driver_signalled(102, WORKER_SIGNAL_TERM), "its own time is over all the same");
}

/* Promise MGR-12: only differences of the given time matter; where its clock began does not. */
Test(manager_time, gives_the_same_decisions_from_any_beginning)
{
    static const int64_t beginnings_us[] = {0, 1, 123456789, INT64_C(1) << 52};
    for (size_t i = 0; i < sizeof beginnings_us / sizeof beginnings_us[0]; i++) {
        int64_t begin_us = beginnings_us[i];
        struct manager_settings settings = driver_settings(1, 1);
        manager_init(&driven, &settings);
        driver_feed(begin_us, (struct manager_event){.kind = MANAGER_EVENT_START});
        driver_feed(begin_us, (struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = 101});
        beat(begin_us + 3, 101);
        cr_assert_eq(driven.wake_us, begin_us + 3 + 7 * SECOND_US);
        tick(begin_us + 2 + 7 * SECOND_US);
        cr_assert_eq(taken.count, 0);
        tick(begin_us + 3 + 7 * SECOND_US);
        cr_assert(driver_signalled(101, WORKER_SIGNAL_QUIT));
    }
}
