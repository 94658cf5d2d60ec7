/* The process that publishes: there for as long as a generation serves, and no worker. */
#include "managed.h"

#include "kit/child.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "policy/herald_life.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct herald {
    unsigned count; /* heralds that have been born */
    pid_t pid;
    bool is_quiet;
    unsigned reopens;
    int must_exit; /* with this status; 0: not */
};

static struct herald *herald;

static void begin(void)
{
    managed_open();
    herald = child_shared(sizeof *herald);
}

TestSuite(manager_herald, .init = begin, .fini = managed_close);

static int be_herald(void *context, bool is_quiet)
{
    sigset_t heeded;
    struct timespec turn = {.tv_nsec = 1000000};
    (void)context;
    child_bind_to_parent();
    (void)sigemptyset(&heeded);
    (void)sigaddset(&heeded, SIGUSR1);
    (void)sigprocmask(SIG_SETMASK, &heeded, NULL);
    herald->pid = getpid();
    herald->is_quiet = is_quiet;
    herald->count++;
    while (herald->must_exit == 0)
        if (sigtimedwait(&heeded, NULL, &turn) == SIGUSR1)
            herald->reopens++;
    int status = herald->must_exit;
    herald->must_exit = 0;
    return status;
}

static bool is_born(void *context)
{
    return *(volatile unsigned *)&herald->count >= *(const unsigned *)context;
}

static pid_t await_herald(unsigned count)
{
    cr_assert(patience_holds(is_born, &count), "%u heralds, not %u: %s", herald->count, count,
              folder_read("log"));
    return herald->pid;
}

static void serve(void)
{
    managed_run_herald = be_herald;
    managed_serve(managed_settings());
}

/* Promise LSN-9 */
Test(manager_herald, is_there_while_a_generation_serves_and_gone_when_it_stops)
{
    static const int signals[] = {SIGTERM, SIGQUIT};
    for (size_t i = 0; i < 2; i++) {
        if (i > 0)
            managed_begin_anew();
        memset(herald, 0, sizeof *herald);
        managed_run_herald = be_herald;
        managed_start(managed_settings());
        pid_t pid = await_herald(1);
        cr_expect_eq(managed->announcements, 1, "not before it serves");
        cr_expect_not(herald->is_quiet);
        cr_assert_eq(managed_end_by(signals[i]), 0);
        cr_expect_eq(kill(pid, 0), -1, "it is left");
        cr_expect_eq(herald->count, 1);
        cr_expect_eq(stage->count, 2, "it is no worker");
    }
}

/* It goes at once, not when the last worker has answered. */
Test(manager_herald, goes_when_a_graceful_stop_begins)
{
    stage->parts[0] = PUPPET_STUBBORN;
    serve();
    pid_t pid = await_herald(1);
    managed_send(SIGQUIT);
    cr_expect(child_has_ended(pid));
    managed_await_log("Stopping gracefully");
    cr_expect_eq(kill(stage->puppets[0].pid, 0), 0, "its worker is still there");
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

Test(manager_herald, is_replaced_when_it_dies_and_its_death_is_told)
{
    serve();
    cr_assert_eq(kill(await_herald(1), SIGTERM), 0);
    cr_assert_eq(kill(await_herald(2), SIGKILL), 0);
    cr_expect(herald->is_quiet);
    managed_await_log("was ended by signal TERM; there will be another");
    managed_await_log("was ended by signal KILL; there will be another");
    (void)await_herald(3);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_expect_eq(stage->count, 2, "no worker was missed");
}

Test(manager_herald, is_replaced_when_it_is_lost_and_never_when_it_is_useless)
{
    serve();
    (void)await_herald(1);
    herald->must_exit = HERALD_STATUS_LOST;
    (void)await_herald(2);
    herald->must_exit = HERALD_STATUS_USELESS;
    cr_expect(child_has_ended(await_herald(2)));
    /* The loop comes round for each of these. */
    unsigned count = herald->count;
    managed_send(SIGTTIN);
    managed_await_beats(2, 1);
    managed_send(SIGTTIN);
    managed_await_beats(3, 1);
    cr_expect_eq(herald->count, count);
    cr_expect_eq(strstr(folder_read("log"), "The process that publishes"), NULL);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

static void fail_next_fork(void)
{
    faulty_arm(FAULTY_fork, FAULTY_ONCE, 1, FAULTY_HERE);
}

Test(manager_herald, is_tried_again_when_it_cannot_be_forked)
{
    managed_on_announcement = fail_next_fork;
    serve();
    (void)await_herald(1);
    managed_await_log("The process that publishes could not be forked");
    cr_expect(herald->is_quiet);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_expect_eq(stage->count, 2);
}

Test(manager_herald, is_not_counted_among_the_workers)
{
    serve();
    pid_t pid = await_herald(1);
    for (unsigned left = 1; left <= 2; left++) {
        managed_send(SIGTTOU);
        managed_await_log(left == 1 ? "Workers wanted: 1" : "Workers wanted: 0");
    }
    for (unsigned i = 0; i < 2; i++)
        managed_await_end_of(i);
    cr_expect_eq(kill(pid, 0), 0);
    cr_expect_eq(herald->count, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

static bool has_reopened(void *context)
{
    (void)context;
    return *(volatile unsigned *)&herald->reopens > 0;
}

/* Promise MGR-8 */
Test(manager_herald, opens_the_log_anew_with_the_others)
{
    serve();
    (void)await_herald(1);
    managed_send(SIGUSR1);
    cr_expect(patience_holds(has_reopened, NULL));
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

/* Promise LSN-9: of two generations the one that serves. */
Test(manager_herald, leaves_when_its_manager_agrees_to_a_new_generation)
{
    managed_has_heir = true;
    serve();
    pid_t pid = await_herald(1);
    managed_send(SIGUSR2);
    heir_await_birth(1);
    cr_expect_eq(kill(pid, 0), 0, "the new one has not asked yet");
    heir->must_ask = true;
    heir_await_word('C');
    cr_expect(child_has_ended(pid));
    cr_expect_eq(herald->count, 1);
    cr_assert_eq(managed_end_by(SIGQUIT), 0);
    heir->must_exit = 1;
    heir_await_end();
}

Test(manager_herald, comes_back_when_the_new_generation_is_lost_after_all)
{
    serve();
    pid_t pid = await_herald(1);
    managed_send(SIGUSR2);
    heir_await_birth(1);
    heir->must_ask = true;
    heir_await_word('C');
    cr_expect(child_has_ended(pid));
    heir->must_exit = 3;
    (void)await_herald(2);
    cr_expect_not(herald->is_quiet, "that was no failure of its own");
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

Test(manager_herald, stays_when_a_new_generation_fails)
{
    serve();
    pid_t pid = await_herald(1);
    managed_send(SIGUSR2);
    heir_await_birth(1);
    heir->must_exit = 3;
    managed_await_log("this generation goes on");
    cr_expect_eq(kill(pid, 0), 0);
    cr_expect_eq(herald->count, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

/* Nothing but a kernel that does not deliver is waited for. */
Test(manager_herald, ends_with_its_manager_also_when_it_is_stopped)
{
    serve();
    pid_t pid = await_herald(1);
    cr_assert_eq(kill(pid, SIGSTOP), 0);
    cr_assert(child_is_stopped(pid));
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_expect_eq(kill(pid, 0), -1);
}
