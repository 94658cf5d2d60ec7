#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    KILL_WAIT_MS = 1000
};

enum error process_find_ended(int32_t *ret_pid)
{
    siginfo_t ended = {.si_pid = 0};
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid <= 0)
        return ERROR_AGAIN;
    *ret_pid = (int32_t)ended.si_pid;
    return ERROR_NONE;
}

enum error process_reap(int32_t pid, struct process_end *ret_end)
{
    int status = 0;
    pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended <= 0)
        return ERROR_AGAIN;
    bool is_signalled = WIFSIGNALED(status);
    *ret_end = (struct process_end){
        .pid = (int32_t)ended,
        .status = is_signalled ? -1 : WEXITSTATUS(status),
        .signal = is_signalled ? WTERMSIG(status) : 0,
        .has_core = is_signalled && WCOREDUMP(status),
    };
    return ERROR_NONE;
}

enum error process_open_streams(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd < 0)
        return ERROR_SYSTEM;
    (void)close(fd);
    return ERROR_NONE;
}

enum error process_detach_streams(int error_fd)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0)
        return ERROR_SYSTEM;
    bool is_done = dup2(null_fd, STDIN_FILENO) >= 0 && dup2(null_fd, STDOUT_FILENO) >= 0 &&
                   dup2(error_fd < 0 ? null_fd : error_fd, STDERR_FILENO) >= 0;
    (void)close(null_fd);
    return is_done ? ERROR_NONE : ERROR_SYSTEM;
}

enum error process_pipe(bool is_nonblocking, int *ret_reader, int *ret_writer)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | (is_nonblocking ? O_NONBLOCK : 0)) != 0)
        return ERROR_SYSTEM;
    *ret_reader = ends[0];
    *ret_writer = ends[1];
    return ERROR_NONE;
}

bool process_is_readable(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, 0) == 1;
}

void process_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int32_t process_parent(int32_t pid)
{
    char path[32];
    char text[512];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t size = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    /* The name in front may hold anything, also brackets: the last bracket ends it. */
    const char *behind = strrchr(text, ')');
    int parent = 0;
    if (behind == NULL || sscanf(behind + 1, " %*c %d", &parent) != 1)
        return 0;
    return parent;
}

/* What the kernel calls a process; "" if it is gone. */
static void read_name(int pid, char *ret_name, int size)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(ret_name, size, file) == NULL)
        ret_name[0] = '\0';
    if (file != NULL)
        (void)fclose(file);
}

bool process_has_namesake(void)
{
    char own[32];
    char name[32];
    int pid = 0;
    FILE *children = fopen("/proc/thread-self/children", "re");
    if (children == NULL)
        return true;
    bool is_found = false;
    read_name(getpid(), own, sizeof own);
    while (!is_found && fscanf(children, "%d", &pid) == 1) {
        read_name(pid, name, sizeof name);
        is_found = strcmp(name, own) == 0;
    }
    (void)fclose(children);
    return is_found;
}

void process_set_name(const char *name)
{
    (void)prctl(PR_SET_NAME, name);
}

void process_close_others(int kept)
{
    unsigned first = STDERR_FILENO + 1;
    if (kept < (int)first) {
        (void)close_range(first, ~0U, 0);
        return;
    }
    if ((unsigned)kept > first)
        (void)close_range(first, (unsigned)kept - 1, 0);
    (void)close_range((unsigned)kept + 1, ~0U, 0);
}

bool process_bind_to_parent(int32_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && (int32_t)getppid() == parent;
}

void process_kill(int32_t pid)
{
    int fd = pidfd_open(pid, 0);
    (void)kill(pid, SIGKILL);
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    if (fd >= 0)
        (void)poll(&watched, 1, KILL_WAIT_MS);
    (void)waitpid(pid, NULL, WNOHANG);
    process_close(&fd);
}

void process_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}
