/* Beats that are missing, torn, too many, or not wanted any more. */
#include "managed.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>

TestSuite(manager_heartbeats, .init = managed_open, .fini = managed_close);

#define SILENT_US (2300 * MILLISECOND_US)

/* One worker, and the shortest time of silence that one may count on not to happen by chance. */
static struct manager_settings soon_silent(void)
{
    struct manager_settings settings = managed_settings();
    settings.workers = 1;
    settings.heartbeat_interval_us = 2 * SECOND_US;
    settings.heartbeat_timeout_us = SILENT_US - settings.heartbeat_interval_us;
    return settings;
}

/* Promise HBT-2: stopped gracefully, not before interval and timeout are over. */
Test(manager_heartbeats, that_fail_let_a_worker_be_replaced)
{
    stage->parts[0] = PUPPET_SILENT;
    managed_serve(soon_silent());
    managed_await_end_of(0);
    cr_assert_eq(stage->puppets[0].quits, 1);
    cr_assert_eq(stage->puppets[0].terms, 0);
    cr_assert_geq(stage->puppets[0].quit_us - stage->puppets[0].beat_us, SILENT_US);
    managed_await_beats(1, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert(strstr(folder_read("log"), "sent no heartbeat in time and is asked to leave") !=
              NULL);
}

/* Promises HBT-2, HBT-6 and MGR-4: QUIT and TERM do not reach it, KILL does. */
Test(manager_heartbeats, that_fail_end_a_stopped_worker)
{
    struct manager_settings settings = soon_silent();
    settings.graceful_timeout_us = 200 * MILLISECOND_US;
    managed_serve(settings);
    cr_assert_eq(kill(stage->puppets[0].pid, SIGSTOP), 0);
    cr_assert(child_is_stopped(stage->puppets[0].pid));
    int64_t last_us = stage->puppets[0].beat_us;
    managed_await_end_of(0);
    cr_assert_geq(patience_now_us() - last_us,
                  SILENT_US + settings.graceful_timeout_us + KILL_AFTER_US);
    cr_assert_eq(stage->puppets[0].quits + stage->puppets[0].terms, 0);
    managed_await_beats(1, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

/* Promises HBT-3, MGR-4 and MGR-11 */
Test(manager_heartbeats, are_not_expected_of_a_leaving_worker)
{
    struct manager_settings settings = soon_silent();
    settings.graceful_timeout_us = 4 * SECOND_US;
    managed_serve(settings);
    int64_t start_us = patience_now_us();
    stage->puppets[0].must_leave = true;
    managed_await_log("is leaving");
    stage->parts[0] = PUPPET_MUTE;
    managed_await_beats(1, 1);
    managed_await_end_of(0);
    cr_assert_eq(stage->puppets[0].quits, 0, "it was not asked");
    cr_assert_eq(stage->puppets[0].terms, 1, "its time was over");
    cr_assert_geq(stage->puppets[0].term_us - start_us, settings.graceful_timeout_us);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 2);
}

/* Promise HBT-4 */
Test(manager_heartbeats, are_heard_torn_and_between_garbage)
{
    stage->parts[0] = PUPPET_TORN;
    managed_serve(soon_silent());
    int64_t start_us = patience_now_us();
    while (patience_now_us() - start_us < SILENT_US + SECOND_US)
        managed_await_beats(0, stage->puppets[0].beats + 5);
    cr_assert_eq(stage->puppets[0].quits, 0);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 1);
}

static bool is_full(void *context)
{
    (void)context;
    return stage->puppets[0].is_full;
}

/* Promises HBT-5 and MGR-12: for longer than any deadline, and whether it counts as held up or
 * not. */
Test(manager_heartbeats, fill_the_pipe_of_a_stopped_manager_and_nobody_waits_or_is_punished)
{
    static const int64_t gaps_us[] = {2600 * MILLISECOND_US, 3500 * MILLISECOND_US};
    struct manager_settings settings = soon_silent();
    settings.workers = 2;
    managed_serve(settings);
    for (size_t i = 0; i < 2; i++) {
        managed_send(SIGSTOP);
        cr_assert(child_is_stopped(manager));
        int64_t start_us = patience_now_us();
        unsigned beats = stage->puppets[1].beats;
        managed_await_beats(1, beats + 3);
        stage->puppets[0].is_full = false;
        stage->puppets[0].must_flood = true;
        cr_assert(patience_holds(is_full, NULL));
        while (patience_now_us() - start_us < gaps_us[i])
            managed_await_beats(1, stage->puppets[1].beats + 1);
        managed_send(SIGCONT);
        managed_await_beats(1, stage->puppets[1].beats + 5);
    }
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 2);
    cr_assert_eq(stage->puppets[0].quits + stage->puppets[1].quits, 0);
}
