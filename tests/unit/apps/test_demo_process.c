#include "apps/demo_process.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

Test(demo_process, is_known_by_its_pid)
{
    uint64_t identity = process_identity(getpid());
    cr_expect_eq(process_pid(identity), getpid());
    cr_expect(process_lives(identity));
    cr_expect_eq(process_identity(getpid()), identity, "it stays the same");
}

Test(demo_process, is_not_another_one_with_its_pid)
{
    uint64_t one_tick_earlier = process_identity(getpid()) - (UINT64_C(1) << 22);
    cr_expect_eq(process_pid(one_tick_earlier), getpid());
    cr_expect_not(process_lives(one_tick_earlier));
}

Test(demo_process, is_known_whatever_its_name_holds)
{
    uint64_t identity = process_identity(getpid());
    cr_assert_eq(prctl(PR_SET_NAME, ") Z 1 (\n"), 0);
    cr_expect_eq(process_identity(getpid()), identity);
}

Test(demo_process, does_not_live_once_it_has_ended)
{
    pid_t child = fork();
    if (child == 0) {
        (void)pause();
        _exit(1);
    }
    uint64_t identity = process_identity(child);
    cr_expect(process_lives(identity));
    cr_assert_eq(kill(child, SIGKILL), 0);
    siginfo_t end;
    cr_assert_eq(waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT), 0);
    cr_expect_not(process_lives(identity), "nobody has reaped it yet");
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_expect_not(process_lives(identity));
}

Test(demo_process, has_a_pid_that_can_be)
{
    static const long pids[] = {0, -1, 1L << 22, 1L << 40};
    for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
        cr_expect_eq(process_identity(pids[i]), 0, "%ld", pids[i]);
    cr_expect_not(process_lives(0));
}
