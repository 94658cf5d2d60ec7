#include "main/guardian.h"

#include "sys/pid_file.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STATUS_SIGNALLED = 128, /* as shells and containers have it */
};

struct guardian {
    const char *pid_file;
    pid_t server; /* the last manager that is known to be a child */
    int status;   /* how it ended */
};

static const int passed_on[] = {SIGINT,  SIGTERM, SIGQUIT, SIGHUP,
                                SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU};

static bool is_child(pid_t pid)
{
    siginfo_t info;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The manager that serves, whosever child it is. Before there is a PID file and after it was
 * removed, the one that is known. */
static pid_t manager_of(const struct guardian *guardian)
{
    int32_t owner = 0;
    return pid_file_owner(guardian->pid_file, &owner) == ERROR_NONE ? owner : guardian->server;
}

/* Takes the status of every child that has ended. True if no generation is left. */
static bool reap(struct guardian *guardian)
{
    int status = 0;
    pid_t pid = 0;
    pid_t manager = manager_of(guardian);
    if (is_child(manager))
        guardian->server = manager;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == guardian->server)
            guardian->status =
                WIFSIGNALED(status) ? STATUS_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
    /* A generation that still leaves has the name of this process, and so have workers that have
     * lost their manager; other children are nobody's concern. */
    bool has_children = pid == 0;
    return !has_children || !process_has_namesake();
}

static int guard(struct guardian *guardian, const sigset_t *watched)
{
    for (;;) {
        int number = sigwaitinfo(watched, NULL);
        if (number == SIGCHLD && reap(guardian))
            return guardian->status;
        if (number > 0 && number != SIGCHLD)
            (void)kill(manager_of(guardian), number);
    }
}

enum error guardian_begin(const char *pid_file, bool *ret_is_guardian, int *ret_status,
                          struct problem *problem)
{
    sigset_t watched;
    (void)sigemptyset(&watched);
    (void)sigaddset(&watched, SIGCHLD);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        (void)sigaddset(&watched, passed_on[i]);
    (void)sigprocmask(SIG_BLOCK, &watched, NULL);
    (void)fflush(NULL);
    struct guardian guardian = {.pid_file = pid_file, .server = fork()};
    if (guardian.server <= 0)
        signals_unblock();
    if (guardian.server < 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot start the server: %s", strerror(errno));
    *ret_is_guardian = guardian.server > 0;
    if (*ret_is_guardian)
        *ret_status = guard(&guardian, &watched);
    return ERROR_NONE;
}
