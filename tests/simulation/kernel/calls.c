#include "calls.h"

#include "audit.h"
#include "history.h"
#include "kernel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FIRST_FD = 1000, /* real descriptors are below */
    FDS_MAX = 32
};

static struct {
    struct {
        enum descriptor_kind kind;
        int file;
    } list[FDS_MAX];
    uint32_t pipes; /* opened so far */
} descriptors;

void calls_init(void)
{
    descriptors.pipes = 0;
    for (int i = 0; i < FDS_MAX; i++)
        descriptors.list[i].kind = DESCRIPTOR_NONE;
}

uint32_t calls_count_open(void)
{
    uint32_t count = 0;
    for (int i = 0; i < FDS_MAX; i++)
        count += descriptors.list[i].kind != DESCRIPTOR_NONE;
    return count;
}

enum descriptor_kind calls_kind(int fd)
{
    return fd < FIRST_FD ? DESCRIPTOR_NONE : descriptors.list[fd - FIRST_FD].kind;
}

int calls_file(int fd)
{
    assert(calls_kind(fd) == DESCRIPTOR_FILE);
    return descriptors.list[fd - FIRST_FD].file;
}

int calls_open(enum descriptor_kind kind, int file)
{
    int i = 0;
    while (descriptors.list[i].kind != DESCRIPTOR_NONE)
        i++;
    assert(i < FDS_MAX);
    descriptors.list[i].kind = kind;
    descriptors.list[i].file = file;
    return FIRST_FD + i;
}

void calls_release(int fd)
{
    assert(calls_kind(fd) != DESCRIPTOR_NONE);
    descriptors.list[fd - FIRST_FD].kind = DESCRIPTOR_NONE;
}

pid_t __wrap_fork(void)
{
    kernel_enter();
    audit_fork();
    struct process *child = kernel.do_forks_fail ? NULL : pids_begin(PROCESS_WORKER);
    if (child == NULL) {
        kernel_say("fork fails", NO_PID, 0);
        audit_fork_failed();
        errno = EAGAIN;
        return -1;
    }
    kernel_say("fork", child->pid, 0);
    audit_forked(child);
    puppet_begin(child);
    /* The child may run before its parent does. */
    kernel_pass(kernel.scenario.habits.call_us);
    if (child->state == PROCESS_ZOMBIE)
        CENSUS(born_dead);
    return child->pid;
}

int __wrap_kill(pid_t pid, int number)
{
    kernel_enter();
    audit_kill(pid, number);
    pids_signal(pids_find(pid), number);
    return 0;
}

int __wrap_waitid(idtype_t kind, id_t id, siginfo_t *ended, int options)
{
    (void)id;
    assert(kind == P_ALL && options == (WEXITED | WNOHANG | WNOWAIT));
    kernel_enter();
    const struct process *zombie = pids_some_zombie();
    ended->si_pid = zombie == NULL ? 0 : zombie->pid;
    errno = ECHILD;
    return kernel.pids.child_count == 0 ? -1 : 0;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    assert(options == WNOHANG);
    kernel_enter();
    struct process *child = pid == -1 ? pids_some_zombie() : pids_find(pid);
    if (child == NULL || child->state != PROCESS_ZOMBIE)
        return 0;
    *status = pids_reap(child);
    kernel_say("reaped", child->pid, *status);
    audit_reaped(child);
    return child->pid;
}

pid_t __wrap_getpid(void)
{
    return MANAGER_PID;
}

int __wrap_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    (void)old;
    assert(how == SIG_BLOCK);
    for (int number = 1; number < SIGNALS_END; number++)
        if (sigismember(set, number) == 1)
            kernel.blocked |= UINT32_C(1) << number;
    return 0;
}

int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    (void)number;
    (void)action;
    (void)old;
    return 0;
}

int __wrap_signalfd(int fd, const sigset_t *set, int flags)
{
    (void)set;
    assert(fd == -1 && (flags & SFD_NONBLOCK) != 0 && (flags & SFD_CLOEXEC) != 0);
    kernel_enter();
    return calls_open(DESCRIPTOR_SIGNALS, NO_FILE);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int64_t now_us = kernel.now_us;
    if (clock == CLOCK_MONOTONIC)
        audit_clock(now_us);
    else
        now_us = kernel.realtime_us =
            chance_between(&kernel.chance, 0, INT64_C(4000000000) * SECOND_US);
    time->tv_sec = now_us / SECOND_US;
    time->tv_nsec = now_us % SECOND_US * 1000;
    kernel_enter();
    return 0;
}

uint32_t __wrap_arc4random(void)
{
    return (uint32_t)chance_number(&kernel.chance);
}

static bool is_something_ready(void)
{
    return (kernel.pending & kernel.blocked) != 0 || kernel.pipe.written > kernel.pipe.read;
}

/* No generation comes after this one, or came before it. */
static void assert_watched(const struct pollfd *watched, nfds_t count)
{
    assert(count == 6 && calls_kind(watched[0].fd) == DESCRIPTOR_SIGNALS &&
           calls_kind(watched[1].fd) == DESCRIPTOR_BEATS);
    for (nfds_t i = 2; i < 5; i++)
        assert(watched[i].fd < 0);
    assert(calls_kind(watched[5].fd) == DESCRIPTOR_CONTROL);
}

int __wrap_poll(struct pollfd *watched, nfds_t count, int timeout_ms)
{
    if (count == 1 && watched[0].fd == STDERR_FILENO) {
        watched[0].revents = POLLOUT; /* the log takes every line */
        return 1;
    }
    assert_watched(watched, count);
    audit_poll(timeout_ms);
    int64_t deadline_us = kernel.now_us + timeout_ms * MILLISECOND_US;
    bool is_early = chance_hits(&kernel.chance, kernel.scenario.habits.early_wakes_per_mille);
    if (is_early)
        deadline_us = chance_between(&kernel.chance, kernel.now_us, deadline_us);
    bool is_ready = kernel_wait(is_something_ready, deadline_us);
    int64_t woken_us = kernel.now_us;
    if (kernel.hold_us > 0 && !kernel.is_prompt)
        kernel_hold_up(kernel.hold_us);
    kernel.hold_us = 0;
    audit_wake(is_ready || is_early, woken_us);
    kernel.events++;
    errno = EINTR;
    return is_early ? -1 : is_ready;
}

/* The same where the C library makes sure of the list's size. */
int __wrap___poll_chk(struct pollfd *watched, nfds_t count, int timeout_ms, size_t size)
{
    (void)size;
    return __wrap_poll(watched, count, timeout_ms);
}

int __wrap_pipe2(int *ends, int flags)
{
    assert((flags & O_CLOEXEC) != 0 && (flags & O_NONBLOCK) != 0);
    kernel_enter();
    ends[0] = calls_open(descriptors.pipes++ == 0 ? DESCRIPTOR_BEATS : DESCRIPTOR_OTHER, NO_FILE);
    ends[1] = calls_open(DESCRIPTOR_OTHER, NO_FILE);
    return 0;
}

int __wrap_socket(int family, int type, int protocol)
{
    assert(family == AF_UNIX && protocol == 0 && (type & SOCK_CLOEXEC) != 0 &&
           (type & SOCK_NONBLOCK) != 0);
    kernel_enter();
    return calls_open(DESCRIPTOR_CONTROL, NO_FILE);
}

int __wrap_bind(int fd, const struct sockaddr *name, socklen_t size)
{
    (void)size;
    assert(calls_kind(fd) == DESCRIPTOR_CONTROL && name->sa_data[0] == '\0');
    kernel_enter();
    return 0;
}

int __wrap_listen(int fd, int backlog)
{
    assert(calls_kind(fd) == DESCRIPTOR_CONTROL && backlog > 0);
    kernel_enter();
    return 0;
}

int __wrap_accept4(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
    (void)name;
    (void)size;
    (void)flags;
    assert(calls_kind(fd) == DESCRIPTOR_CONTROL);
    kernel_enter();
    errno = EAGAIN;
    return -1;
}

/* The machine has no room for a new generation: each hot deployment fails, and the pool must not
 * notice. */
int __wrap_socketpair(int family, int type, int protocol, int *ends)
{
    (void)type;
    (void)protocol;
    (void)ends;
    assert(family == AF_UNIX);
    kernel_enter();
    kernel_say("there is no room for a new generation", NO_PID, 0);
    audit_deployment_refused();
    errno = EMFILE;
    return -1;
}

static ssize_t read_signal(struct signalfd_siginfo *info)
{
    int number = kernel_take_signal();
    if (number == 0)
        return -1;
    kernel_say("the manager reads its signal", NO_PID, number);
    audit_signal(number);
    *info = (struct signalfd_siginfo){.ssi_signo = (uint32_t)number};
    return (ssize_t)sizeof *info;
}

static ssize_t read_beats(char *bytes, size_t size)
{
    ssize_t given = beat_pipe_read(&kernel.pipe, bytes, size);
    if (given < 0)
        audit_drained();
    else
        audit_heard();
    return given;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    kernel_enter();
    errno = EAGAIN;
    if (calls_kind(fd) == DESCRIPTOR_SIGNALS) {
        assert(size == sizeof(struct signalfd_siginfo));
        return read_signal(bytes);
    }
    assert(calls_kind(fd) == DESCRIPTOR_BEATS);
    ssize_t given = read_beats(bytes, size);
    kernel_lapse();
    return given;
}

void __wrap_observe_wait(const struct manager_process *process)
{
    audit_wait(process);
    __real_observe_wait(process);
}

enum error __wrap_manager_decide(struct manager *manager, const struct manager_event *event,
                                 int64_t now_us, struct manager_actions *ret_actions)
{
    enum manager_phase before = manager->phase;
    audit_before_decision(manager, event, now_us);
    enum error error = __real_manager_decide(manager, event, now_us, ret_actions);
    audit_after_decision(manager, error, before);
    return error;
}
