#include "main/control.h"

#include "sys/pid_file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

static int fail(int32_t pid, const char *what)
{
    (void)fprintf(stderr, "hypnotoad: server %d cannot be %s: %s\n", (int)pid, what,
                  strerror(errno));
    return 1;
}

static int say_not_running(void)
{
    (void)puts("Hypnotoad server not running.");
    return 0;
}

/* Signals the server and waits until it is gone. */
static int stop(int32_t pid, int server_fd)
{
    (void)printf("Stopping Hypnotoad server %d gracefully.\n", (int)pid);
    (void)fflush(stdout);
    if (pidfd_send_signal(server_fd, SIGQUIT, NULL, 0) != 0 && errno != ESRCH)
        return fail(pid, "stopped");
    struct pollfd watched = {.fd = server_fd, .events = POLLIN};
    while (poll(&watched, 1, -1) < 0)
        if (errno != EINTR)
            return fail(pid, "waited for");
    return 0;
}

int control_stop(const char *pid_path)
{
    int32_t pid = 0;
    if (pid_file_owner(pid_path, &pid) != ERROR_NONE)
        return say_not_running();
    int server_fd = pidfd_open(pid, 0);
    if (server_fd < 0)
        return errno == ESRCH ? say_not_running() : fail(pid, "stopped");
    /* The owner is looked at again after the descriptor was opened, so it is not that of a later
     * process. */
    int32_t again = 0;
    bool is_running = pid_file_owner(pid_path, &again) == ERROR_NONE && again == pid;
    int status = is_running ? stop(pid, server_fd) : say_not_running();
    (void)close(server_fd);
    return status;
}
