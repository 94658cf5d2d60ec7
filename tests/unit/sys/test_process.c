#include "sys/process.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(process_detach_streams, .init = folder_open, .fini = folder_close);

static int end_by(void *context)
{
    int how = *(int *)context;
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    if (how < 0)
        (void)kill(getpid(), -how);
    return how;
}

static bool is_reaped(void *context)
{
    return process_reap(-1, context) == ERROR_NONE;
}

Test(process_reap, tells_how_a_child_ended)
{
    static const struct {
        int how;
        int32_t status;
        int32_t signal;
    } table[] = {{0, 0, 0},
                 {7, 7, 0},
                 {255, 255, 0},
                 {-SIGKILL, -1, SIGKILL},
                 {-SIGTERM, -1, SIGTERM},
                 {-SIGABRT, -1, SIGABRT}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int how = table[i].how;
        struct process_end end = {.pid = 0};
        pid_t pid = child_start(end_by, &how);
        cr_assert(patience_holds(is_reaped, &end));
        cr_assert_eq(end.pid, pid);
        cr_assert_eq(end.status, table[i].status);
        cr_assert_eq(end.signal, table[i].signal);
        cr_assert_not(end.has_core);
    }
}

static int stop_oneself(void *context)
{
    (void)context;
    (void)raise(SIGSTOP);
    return 3;
}

Test(process_reap, knows_none_while_none_has_ended)
{
    struct process_end end = {.pid = 77};
    cr_assert_eq(process_reap(-1, &end), ERROR_AGAIN, "there is no child");
    pid_t pid = child_start(stop_oneself, NULL);
    cr_assert(child_is_stopped(pid));
    cr_assert_eq(process_reap(-1, &end), ERROR_AGAIN, "a stopped one has not ended");
    cr_assert_eq(end.pid, 77);
    (void)kill(pid, SIGCONT);
    cr_assert(patience_holds(is_reaped, &end));
    cr_assert_eq(end.status, 3);
    cr_assert_eq(process_reap(-1, &end), ERROR_AGAIN);
}

static bool is_found(void *context)
{
    return process_find_ended(context) == ERROR_NONE;
}

Test(process_find_ended, leaves_the_child_its_pid_until_it_is_reaped)
{
    int how = 7;
    int32_t found = 77;
    struct process_end end = {.pid = 0};
    cr_assert_eq(process_find_ended(&found), ERROR_AGAIN, "there is no child");
    cr_assert_eq(found, 77);
    pid_t pid = child_start(end_by, &how);
    cr_assert(patience_holds(is_found, &found));
    cr_assert_eq(found, pid);
    cr_assert_eq(process_find_ended(&found), ERROR_NONE, "it is still there");
    cr_assert_eq(process_reap(found, &end), ERROR_NONE);
    cr_assert_eq(end.pid, pid);
    cr_assert_eq(end.status, 7);
    cr_assert_eq(process_find_ended(&found), ERROR_AGAIN, "it is gone");
}

Test(process_reap, takes_leave_of_the_one_that_is_meant)
{
    int how = 7;
    int32_t found = 0;
    struct process_end end = {.pid = 77};
    pid_t living = child_start(stop_oneself, NULL);
    cr_assert(child_is_stopped(living));
    pid_t ended = child_start(end_by, &how);
    cr_assert(patience_holds(is_found, &found));
    cr_assert_eq(process_reap((int32_t)living, &end), ERROR_AGAIN);
    cr_assert_eq(end.pid, 77);
    cr_assert_eq(process_reap((int32_t)ended, &end), ERROR_NONE);
    cr_assert_eq(end.pid, ended);
    (void)kill(living, SIGCONT);
    cr_assert(patience_holds(is_reaped, &end));
}

static bool is_null_device(int fd)
{
    struct stat here;
    struct stat null;
    return fstat(fd, &here) == 0 && stat("/dev/null", &null) == 0 && S_ISCHR(here.st_mode) &&
           here.st_rdev == null.st_rdev;
}

/* The bits of `context` say which of the three are closed. */
static int open_closed_streams(void *context)
{
    int closed = *(int *)context;
    struct stat before[3];
    struct stat after;
    for (int fd = 0; fd < 3; fd++) {
        if ((closed & 1 << fd) != 0)
            (void)close(fd);
        else
            child_demand(fstat(fd, &before[fd]) == 0);
    }
    int rest = dup(open("/", O_RDONLY | O_CLOEXEC)); /* what is open above must stay alone */
    (void)rest;
    child_demand(process_open_streams() == ERROR_NONE);
    for (int fd = 0; fd < 3; fd++) {
        child_demand(fstat(fd, &after) == 0);
        bool was_open = (closed & 1 << fd) == 0;
        child_demand(!was_open || after.st_ino == before[fd].st_ino);
    }
    return 0;
}

static int open_only_closed_streams(void *context)
{
    int closed = *(int *)context;
    struct descriptors before = descriptors_look();
    for (int fd = 0; fd < 3; fd++)
        if ((closed & 1 << fd) != 0)
            (void)close(fd);
    child_demand(process_open_streams() == ERROR_NONE);
    for (int fd = 0; fd < 3; fd++)
        child_demand((closed & 1 << fd) == 0 || is_null_device(fd));
    struct descriptors after = descriptors_look();
    child_demand(descriptors_count(&before) == descriptors_count(&after));
    return 0;
}

Test(process_open_streams, opens_those_that_are_closed_and_no_others)
{
    for (int closed = 0; closed < 8; closed++) {
        cr_expect_eq(child_run(open_closed_streams, &closed), 0, "closed: %d", closed);
        cr_expect_eq(child_run(open_only_closed_streams, &closed), 0, "closed: %d", closed);
    }
}

static int detach(void *context)
{
    int error_fd = *(int *)context;
    struct stat wanted;
    struct stat have;
    struct descriptors before = descriptors_look();
    child_demand(process_detach_streams(error_fd) == ERROR_NONE);
    if (error_fd >= 0)
        child_demand(fstat(error_fd, &wanted) == 0 && fstat(2, &have) == 0 &&
                     wanted.st_ino == have.st_ino);
    else
        child_demand(is_null_device(2));
    child_demand(is_null_device(0) && is_null_device(1));
    for (int fd = 0; fd < 3; fd++)
        child_demand((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0);
    struct descriptors after = descriptors_look();
    /* Behind the three, everything is as it was. */
    child_demand(strcmp(strstr(before.text, "\n3 "), strstr(after.text, "\n3 ")) == 0);
    return 0;
}

/* Promise CLI-7 */
Test(process_detach_streams, leaves_the_null_device_and_the_log)
{
    folder_write("log", "");
    int log_fd = open(folder_path("log"), O_WRONLY | O_CLOEXEC);
    int none = -1;
    cr_assert_eq(child_run(detach, &log_fd), 0);
    cr_assert_eq(child_run(detach, &none), 0);
}

Test(process_pipe, is_not_inherited_and_blocks_only_where_it_shall)
{
    for (int i = 0; i < 2; i++) {
        int ends[2] = {-1, -1};
        cr_assert_eq(process_pipe(i == 1, &ends[0], &ends[1]), ERROR_NONE);
        for (int k = 0; k < 2; k++) {
            cr_assert_neq(fcntl(ends[k], F_GETFD) & FD_CLOEXEC, 0);
            cr_assert_eq((fcntl(ends[k], F_GETFL) & O_NONBLOCK) != 0, i == 1);
        }
        char byte = 0;
        cr_assert_eq(write(ends[1], "x", 1), 1);
        cr_assert_eq(read(ends[0], &byte, 1), 1);
        process_close(&ends[0]);
        process_close(&ends[1]);
    }
}

static int raise_the_limit(void *context)
{
    (void)context;
    struct rlimit limit;
    child_demand(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t hard = limit.rlim_max;
    limit.rlim_cur = 64;
    child_demand(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    process_raise_descriptors();
    child_demand(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    child_demand(limit.rlim_cur == hard && limit.rlim_max == hard);
    return 0;
}

Test(process_raise_descriptors, raises_the_soft_limit_to_the_hard_one)
{
    cr_assert_eq(child_run(raise_the_limit, NULL), 0);
}

static int stop_under_name(void *context)
{
    child_demand(prctl(PR_SET_NAME, (const char *)context) == 0);
    (void)raise(SIGSTOP);
    return 0;
}

Test(process_parent, is_found_whatever_the_process_is_called)
{
    static const char *const names[] = {"plain", "a b", ") S 1 (", "((((", "))))", " ", "x\n) Z 7"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pid_t pid = child_start(stop_under_name, (void *)(uintptr_t)names[i]);
        int status = 0;
        cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
        cr_expect_eq(process_parent(pid), getpid(), "%s", names[i]);
        (void)kill(pid, SIGCONT);
        cr_assert_eq(child_wait(pid), 0);
    }
    cr_assert_eq(process_parent(getpid()), getppid());
}

Test(process_parent, is_0_where_there_is_no_process)
{
    cr_assert_eq(process_parent(INT32_MAX), 0);
    cr_assert_eq(process_parent(-1), 0);
}

Test(process_close, remembers_that_it_has_closed)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int other = fd;
    cr_assert_geq(fd, 0);
    process_close(&fd);
    cr_assert_eq(fd, -1);
    cr_assert_eq(fcntl(other, F_GETFD), -1);
    process_close(&fd);
    cr_assert_eq(fd, -1);
}

static int show_name(void *context)
{
    char name[32] = "";
    (void)context;
    process_set_name("hypnotoad-mdns");
    child_demand(prctl(PR_GET_NAME, name) == 0);
    child_demand(strcmp(name, "hypnotoad-mdns") == 0);
    return 0;
}

Test(process_set_name, changes_what_is_shown)
{
    cr_assert_eq(child_run(show_name, NULL), 0);
}

static int look_for_namesakes(void *context)
{
    (void)context;
    child_demand(!process_has_namesake());
    for (int has_other_name = 0; has_other_name < 2; has_other_name++) {
        pid_t child = fork();
        if (child == 0) {
            if (has_other_name)
                process_set_name("somebody");
            _exit(0);
        }
        /* Dead and not yet reaped. */
        siginfo_t info;
        child_demand(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
        child_demand(process_has_namesake() == !has_other_name);
        child_demand(waitpid(child, NULL, 0) == child);
    }
    return 0;
}

Test(process_has_namesake, looks_at_children_alone)
{
    cr_assert_eq(child_run(look_for_namesakes, NULL), 0);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int close_others(void *context)
{
    int kept = *(int *)context;
    for (int fd = 3; fd < 40; fd++)
        child_demand(dup2(STDERR_FILENO, fd) == fd);
    process_close_others(kept);
    for (int fd = 0; fd < 40; fd++)
        child_demand(is_open(fd) == (fd < 3 || fd == kept));
    return 0;
}

Test(process_close_others, leaves_the_standard_streams_and_one_more)
{
    static const int table[] = {-1, 2, 3, 4, 20, 39};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int kept = table[i];
        cr_expect_eq(child_run(close_others, &kept), 0, "row %zu", i);
    }
}

struct family {
    int32_t parent; /* 0: the right one */
    volatile bool is_bound;
    volatile pid_t child;
};

static int be_parent(void *context)
{
    struct family *family = context;
    int32_t parent = family->parent == 0 ? (int32_t)getpid() : family->parent;
    pid_t child = fork();
    if (child == 0) {
        family->is_bound = process_bind_to_parent(parent);
        family->child = getpid();
        while (family->is_bound)
            (void)pause();
        _exit(0);
    }
    while (family->child == 0)
        (void)usleep(1000);
    return 0;
}

/* Promise LSN-9 */
Test(process_bind_to_parent, ends_a_child_with_its_parent)
{
    struct family *family = child_shared(sizeof *family);
    cr_assert_eq(child_run(be_parent, family), 0);
    cr_expect(family->is_bound);
    cr_expect(child_has_ended(family->child));
}

Test(process_bind_to_parent, tells_that_the_parent_is_another)
{
    struct family *family = child_shared(sizeof *family);
    family->parent = 1;
    cr_assert_eq(child_run(be_parent, family), 0);
    cr_expect_not(family->is_bound);
}

static int stop_for_ever(void *context)
{
    (void)context;
    (void)raise(SIGSTOP);
    return 0;
}

Test(process_kill, sees_a_child_end_that_heeds_nothing)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(stop_for_ever(NULL));
    cr_assert(child_is_stopped(pid));
    process_kill((int32_t)pid);
    cr_expect_eq(waitpid(pid, NULL, WNOHANG), -1, "it was reaped");
}
