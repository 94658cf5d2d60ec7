#include "kit/child.h"

#include "kit/patience.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The leak checker, where there is one; it would look only at the end of the test's own process. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
/* The coverage counters, in a build that has them: a child that leaves by _exit() would take its
 * own along. */
extern void __gcov_dump(void) __attribute__((weak));

static void show(int fd)
{
    char chunk[4096];
    ssize_t size = 0;
    (void)lseek(fd, 0, SEEK_SET);
    while ((size = read(fd, chunk, sizeof chunk)) > 0)
        (void)!write(STDERR_FILENO, chunk, (size_t)size);
}

int child_check_leaks(int status)
{
    if (status != 0 || __lsan_do_recoverable_leak_check == NULL)
        return status;
    /* It complains about the thread of the parent: only what it finds is of interest. */
    int said = memfd_create("leaks", MFD_CLOEXEC);
    int kept = dup(STDERR_FILENO);
    (void)dup2(said, STDERR_FILENO);
    bool has_leaked = __lsan_do_recoverable_leak_check() != 0;
    (void)dup2(kept, STDERR_FILENO);
    if (has_leaked)
        show(said);
    return has_leaked ? CHILD_LEAKED : 0;
}

void child_bind_to_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

pid_t child_start(int (*function)(void *context), void *context)
{
    (void)fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    child_bind_to_parent();
    if (getppid() != parent)
        _exit(CHILD_DEMAND);
    int status = function(context);
    if (__gcov_dump != NULL)
        __gcov_dump();
    _exit(status);
}

struct awaited {
    pid_t pid;
    int status;
};

static bool is_reaped(void *context)
{
    struct awaited *awaited = context;
    return waitpid(awaited->pid, &awaited->status, WNOHANG) == awaited->pid;
}

int child_wait(pid_t pid)
{
    struct awaited awaited = {.pid = pid};
    if (!patience_holds(is_reaped, &awaited)) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &awaited.status, 0);
        return CHILD_STUCK;
    }
    return WIFSIGNALED(awaited.status) ? CHILD_SIGNALLED + WTERMSIG(awaited.status)
                                       : WEXITSTATUS(awaited.status);
}

int child_run(int (*function)(void *context), void *context)
{
    return child_wait(child_start(function, context));
}

/* The letter of its state, as the system shows it; 0 if it is gone. */
static char state_of(pid_t pid)
{
    char path[32];
    char text[512] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    const char *behind = strrchr(text, ')');
    return behind == NULL ? 0 : behind[2];
}

static bool is_ended(void *context)
{
    char state = state_of(*(const pid_t *)context);
    return state == 0 || state == 'Z';
}

bool child_has_ended(pid_t pid)
{
    return patience_holds(is_ended, &pid);
}

static bool is_stopped(void *context)
{
    return state_of(*(const pid_t *)context) == 'T';
}

bool child_is_stopped(pid_t pid)
{
    return patience_holds(is_stopped, &pid);
}

void *child_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

void child_check(bool holds, const char *text, const char *file, int line)
{
    if (holds)
        return;
    int reason = errno;
    (void)fprintf(stderr, "%s:%d: in a child, %s does not hold (%s)\n", file, line, text,
                  strerror(reason));
    _exit(CHILD_DEMAND);
}
