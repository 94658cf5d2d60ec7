#include "main/control.h"

#include "captured.h"
#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/pid_file.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned *quits;

static void begin(void)
{
    folder_open();
    quits = child_shared(sizeof *quits);
    /* The plan must be there before a child shares it. */
    faulty_arm(FAULTY_poll, FAULTY_ONCE, 1, FAULTY_HERE);
    (void)faulty_disarm();
}

TestSuite(control, .init = begin, .fini = folder_close);

/* A process that is to --stop what a manager is. */
static int be_manager(void *context)
{
    static struct pid_file file;
    struct problem problem;
    sigset_t quit;
    int number = 0;
    (void)sigemptyset(&quit);
    (void)sigaddset(&quit, SIGQUIT);
    (void)sigprocmask(SIG_BLOCK, &quit, NULL);
    pid_file_init(&file, context);
    child_demand(pid_file_draft(&file, 0, &problem) == ERROR_NONE);
    child_demand(pid_file_publish(&file, &problem) == ERROR_NONE);
    (void)sigwait(&quit, &number);
    *quits += 1;
    /* Who returns before this has not waited. */
    patience_sleep_us(20000);
    pid_file_remove(&file);
    return 0;
}

static char path[1024];

static bool is_there(void *context)
{
    return folder_has(context);
}

static pid_t start_manager(void)
{
    (void)snprintf(path, sizeof path, "%s", folder_path("pid"));
    pid_t manager = child_start(be_manager, path);
    cr_assert(patience_holds(is_there, "pid"));
    return manager;
}

static int stop(void *context)
{
    return control_stop(context);
}

static void expect_stopping(pid_t manager)
{
    char said[64];
    (void)snprintf(said, sizeof said, "Stopping Hypnotoad server %d gracefully.\n", (int)manager);
    cr_expect_str_eq(captured_out(), said);
}

/* Promise CLI-9 */
Test(control, stops_a_server_and_waits_until_it_is_gone)
{
    pid_t manager = start_manager();
    cr_expect_eq(captured_run(stop, path), 0);
    cr_expect_not(folder_has("pid"));
    expect_stopping(manager);
    cr_expect_str_eq(captured_errors(), "");
    cr_expect_eq(child_wait(manager), 0);
    cr_expect_eq(*quits, 1);
}

/* Promises CLI-9, CLI-10 */
Test(control, finds_no_server_where_there_is_none)
{
    static const char *const contents[] = {NULL, "", "1\n", "999999999\n", "nonsense\n"};
    char own[32];
    (void)snprintf(own, sizeof own, "%d\n", (int)getpid());
    for (size_t i = 0; i <= sizeof contents / sizeof contents[0]; i++) {
        const char *content = i < sizeof contents / sizeof contents[0] ? contents[i] : own;
        if (content != NULL)
            folder_write("pid", content);
        cr_expect_eq(captured_run(stop, (void *)(uintptr_t)folder_path("pid")), 0);
        cr_expect_str_eq(captured_out(), "Hypnotoad server not running.\n");
        cr_expect_str_eq(captured_errors(), "");
    }
}

/* ---- What fails ---- */

static struct {
    enum faulty_call call;
    enum faulty_way way;
} fault;

static int stop_with_fault(void *context)
{
    struct descriptors before = descriptors_look();
    faulty_arm(fault.call, fault.way, 1, FAULTY_HERE);
    int status = control_stop(context);
    (void)faulty_disarm();
    struct descriptors after = descriptors_look();
    return descriptors_equal(&before, &after) ? status : 50;
}

Test(control, says_when_the_server_cannot_be_stopped_or_waited_for)
{
    static const struct {
        enum faulty_call call;
        const char *says;
    } table[] = {{FAULTY_pidfd_open, "cannot be stopped: Too many open files"},
                 {FAULTY_poll, "cannot be waited for: Cannot allocate memory"}};
    for (size_t i = 0; i < 2; i++) {
        pid_t manager = start_manager();
        fault.call = table[i].call;
        fault.way = FAULTY_FROM_THEN_ON;
        cr_expect_eq(captured_run(stop_with_fault, path), 1);
        cr_expect(strstr(captured_errors(), table[i].says) != NULL, "%s", captured_errors());
        (void)kill(manager, SIGQUIT);
        cr_expect_eq(child_wait(manager), 0);
    }
}

Test(control, waits_on_after_an_interruption)
{
    pid_t manager = start_manager();
    fault.call = FAULTY_poll;
    fault.way = FAULTY_INTERRUPTED;
    cr_expect_eq(captured_run(stop_with_fault, path), 0);
    cr_expect_not(folder_has("pid"));
    cr_expect_eq(child_wait(manager), 0);
}
