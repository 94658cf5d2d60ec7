/* Promise MGR-10: fork fails. */
#include "managed.h"

#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>

static void begin(void)
{
    managed_open();
    /* The plan must be there before the manager shares it. */
    faulty_arm(FAULTY_fork, FAULTY_ONCE, 1, FAULTY_EVERYWHERE);
    (void)faulty_disarm();
}

TestSuite(manager_fork, .init = begin, .fini = managed_close);

static bool has_struck_twice(void *context)
{
    (void)context;
    return faulty_struck() >= 2;
}

Test(manager_fork, that_fails_is_tried_again_while_the_others_serve)
{
    managed_serve(managed_settings());
    faulty_arm(FAULTY_fork, FAULTY_FROM_THEN_ON, 1, FAULTY_EVERYWHERE);
    stage->puppets[0].must_exit = 1;
    cr_assert(patience_holds(has_struck_twice, NULL));
    managed_await_beats(1, stage->puppets[1].beats + 3);
    cr_assert_eq(stage->count, 2);
    (void)faulty_disarm();
    managed_await_puppets(3);
    managed_await_beats(2, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 3);
    cr_assert_eq(stage->puppets[1].quits, 0);
    cr_assert(strstr(folder_read("log"),
                     "A worker could not be forked: Resource temporarily unavailable") != NULL);
}

static void fail_once(void)
{
    faulty_arm(FAULTY_fork, FAULTY_ONCE, 1, FAULTY_HERE);
}

Test(manager_fork, that_fails_once_does_not_spoil_the_start)
{
    managed_prologue = fail_once;
    managed_serve(managed_settings());
    cr_assert_eq(faulty_struck(), 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 2);
}

static void fail_always(void)
{
    faulty_arm(FAULTY_fork, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
}

/* Promise CLI-6 */
Test(manager_fork, that_always_fails_ends_the_start)
{
    struct manager_settings settings = managed_settings();
    settings.workers = 1;
    managed_prologue = fail_always;
    managed_start(settings);
    cr_assert_eq(managed_end(), 1);
    cr_assert_eq(managed->announcements, 0);
    cr_assert_eq(stage->count, 0);
    cr_assert_eq(faulty_disarm(), START_ATTEMPTS_MAX);
    cr_assert_eq(folder_count(), 2, "log and errors");
    cr_assert(strstr(folder_read("log"), "No worker could be started") != NULL);
}
