/* The old manager's end of a hot deployment, with a new generation that a test plays. */
#include "managed.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/pid_file.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(manager_upgrade, .init = managed_open, .fini = managed_close);

static void begin_upgrade(struct manager_settings settings)
{
    managed_serve(settings);
    managed_send(SIGUSR2);
    heir_await_birth(1);
}

static struct manager_settings hasty_settings(void)
{
    struct manager_settings settings = managed_settings();
    settings.upgrade_timeout_us = 2 * SECOND_US;
    return settings;
}

/* The service goes on as before, and as if nothing had been: another deployment works. */
static void expect_service(const char *why)
{
    managed_await_log(why);
    cr_expect_eq(stage->puppets[0].quits + stage->puppets[1].quits, 0);
    managed_await_beats(0, stage->puppets[0].beats + 2);
    cr_expect(folder_has("pid"));
    cr_expect_eq(managed->retirements, 0);
    pid_t last = heir->pid;
    heir->word = 0;
    heir->is_stubborn = heir->must_hang_up = false;
    unsigned born = heir->count;
    heir->must_ask = true;
    managed_send(SIGUSR2);
    heir_await_birth(born + 1);
    cr_expect_neq(heir->pid, last);
    heir_await_word('C');
    managed_has_heir = true;
    cr_expect_eq(managed_end_by(SIGQUIT), 0);
}

/* Promise UPG-2 */
Test(manager_upgrade, commits_once_to_a_generation_that_is_ready)
{
    begin_upgrade(managed_settings());
    cr_expect_eq(heir->words, 0);
    heir->must_ask = true;
    heir_await_word('C');
    managed_await_log("The new generation takes over, manager ");
    heir->must_ask = true;
    managed_await_beats(0, stage->puppets[0].beats + 3);
    cr_expect_eq(stage->puppets[0].quits, 0, "it serves until it is told to stop");
    managed_has_heir = true;
    cr_expect_eq(managed_end_by(SIGQUIT), 0);
    cr_expect_eq(heir->words, 1);
    cr_expect_eq(heir->terms, 0);
    cr_expect_eq(managed->retirements, 0, "the service goes on");
}

/* Promise PID-2: the file is the new manager's. */
Test(manager_upgrade, leaves_the_pid_file_to_the_new_generation)
{
    begin_upgrade(managed_settings());
    heir->must_ask = true;
    heir_await_word('C');
    folder_write("other", "4711\n");
    cr_assert_eq(rename(folder_path("other"), folder_path("pid")), 0);
    managed_has_heir = true;
    cr_expect_eq(managed_end_by(SIGQUIT), 0);
    cr_expect_str_eq(folder_read("pid"), "4711\n");
}

/* Promise PID-2: it may be about to put its own in this one's place. */
Test(manager_upgrade, leaves_even_its_own_pid_file_behind)
{
    begin_upgrade(managed_settings());
    heir->must_ask = true;
    heir_await_word('C');
    managed_has_heir = true;
    cr_expect_eq(managed_end_by(SIGQUIT), 0);
    cr_expect(folder_has("pid"));
}

/* Of a new generation that could not clear up. */
Test(manager_upgrade, removes_the_draft_of_a_generation_that_failed)
{
    char draft[32];
    begin_upgrade(managed_settings());
    (void)snprintf(draft, sizeof draft, "pid.%d", (int)heir->pid);
    folder_write(draft, "a draft\n");
    heir->must_exit = 1;
    expect_service("The hot deployment failed");
    cr_expect_not(folder_has(draft));
}

/* Promise UPG-4 */
Test(manager_upgrade, gives_up_a_generation_that_is_late)
{
    int64_t start_us = patience_now_us();
    begin_upgrade(hasty_settings());
    heir_await_word('A');
    cr_expect_geq(patience_now_us() - start_us, 2 * SECOND_US);
    heir_await_end();
    cr_expect_eq(heir->terms, 1);
    managed_await_log("was not ready in time and is told to stop, manager ");
    expect_service("The hot deployment failed, this generation goes on: manager ");
}

/* Promise UPG-4: what was decided stays decided. */
Test(manager_upgrade, does_not_listen_to_a_generation_that_was_given_up)
{
    heir->is_stubborn = true;
    begin_upgrade(hasty_settings());
    heir_await_word('A');
    heir->must_ask = true;
    heir_await_end();
    cr_expect_eq(heir->words, 1);
    cr_expect_eq(heir->word, 'A');
    managed_await_log("The new generation did not stop and is killed, manager ");
    expect_service("ended before it took over (signal 9");
}

/* Promise UPG-5 */
Test(manager_upgrade, goes_on_when_the_new_generation_dies)
{
    begin_upgrade(managed_settings());
    heir->must_exit = 7;
    expect_service("ended before it took over (status 7)");
}

/* What is no word, and the end of the words, decide nothing. */
Test(manager_upgrade, waits_for_a_generation_that_cannot_speak)
{
    heir->must_babble = true;
    heir->must_hang_up = true;
    begin_upgrade(hasty_settings());
    heir_await_term();
    cr_expect_eq(heir->words, 0);
    expect_service("ended before it took over (status 0)");
}

static bool has_pid_file(void *context)
{
    int32_t owner = 0;
    (void)context;
    return pid_file_owner(folder_path("pid"), &owner) == ERROR_NONE && owner == manager;
}

/* Promise UPG-5: between the word and the deed. */
Test(manager_upgrade, takes_its_pid_file_back_when_the_new_generation_dies_after_all)
{
    begin_upgrade(managed_settings());
    heir->must_ask = true;
    heir_await_word('C');
    cr_assert_eq(unlink(folder_path("pid")), 0);
    heir->must_exit = 9;
    managed_await_log("ended while it took over (status 9)");
    cr_expect(patience_holds(has_pid_file, NULL), "%s", folder_read("pid"));
    heir->must_exit = 0;
    cr_expect_eq(managed_end_by(SIGQUIT), 0);
    cr_expect_eq(managed->retirements, 1);
    cr_expect_not(folder_has("pid"));
}

/* Promise UPG-6 */
Test(manager_upgrade, ends_with_the_manager)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};
    for (size_t i = 0; i < 3; i++) {
        managed_begin_anew();
        begin_upgrade(managed_settings());
        cr_expect_eq(managed_end_by(signals[i]), 0);
        heir_await_end();
        cr_expect_eq(heir->terms, 1);
        cr_expect_eq(managed->retirements, 1);
        cr_expect(strstr(folder_read("log"), "has not taken over and is told to stop") != NULL);
        cr_expect_not(folder_has("pid"));
    }
}

/* Promise MGR-7 */
Test(manager_upgrade, is_one_at_a_time)
{
    begin_upgrade(managed_settings());
    managed_send(SIGUSR2);
    managed_await_log("A hot deployment is under way already, by manager ");
    managed_send(SIGHUP);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
    cr_expect_eq(heir->count, 1);
}

static bool is_open_as_before(void *context)
{
    struct descriptors now = descriptors_of(manager);
    return descriptors_equal(context, &now);
}

/* Promise UPG-8 */
Test(manager_upgrade, leaves_nothing_open)
{
    managed_serve(managed_settings());
    struct descriptors before = descriptors_of(manager);
    for (unsigned i = 1; i <= 3; i++) {
        managed_send(SIGUSR2);
        heir_await_birth(i);
        cr_expect_not(is_open_as_before(&before));
        heir->must_exit = 1;
        cr_expect(patience_holds(is_open_as_before, &before), "%s", descriptors_of(manager).text);
    }
    cr_expect_eq(managed_end_by(SIGTERM), 0);
}

/* Promise UPG-8: a worker that is born meanwhile has no part in it. */
Test(manager_upgrade, is_no_business_of_workers)
{
    begin_upgrade(managed_settings());
    managed_send(SIGTTIN);
    managed_await_puppets(3);
    cr_expect_eq(descriptors_count(&stage->puppets[2].open),
                 descriptors_count(&stage->puppets[0].open), "%s", stage->puppets[2].open.text);
    cr_expect(strstr(stage->puppets[2].open.text, "socket:") == NULL ||
                  strstr(managed->before.text, "socket:") != NULL,
              "%s", stage->puppets[2].open.text);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
}

/* Promise UPG-5: what it says before it can speak for itself is not lost. */
Test(manager_upgrade, takes_what_the_new_generation_says_to_the_log)
{
    static const char text[] = "first line\n\x01this is in the log already\nthe end";
    begin_upgrade(managed_settings());
    heir_say(text, sizeof text - 1);
    managed_await_log("] warn The new generation says: first line\n");
    heir->must_exit = 1;
    managed_await_log("] warn The new generation says: the end\n");
    cr_expect(strstr(folder_read("log"), "in the log already") == NULL);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
}
