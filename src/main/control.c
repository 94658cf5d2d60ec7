#include "main/control.h"

#include "sys/pid_file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

int control_stop(const char *pid_path)
{
    int32_t pid = 0;
    /* The descriptor is opened before the owner is looked at again, so it cannot be that of a later
     * process. */
    bool is_running = pid_file_owner(pid_path, &pid) == ERROR_NONE;
    int server_fd = is_running ? pidfd_open(pid, 0) : -1;
    int32_t again = 0;
    if (server_fd < 0 || pid_file_owner(pid_path, &again) != ERROR_NONE || again != pid) {
        (void)puts("Hypnotoad server not running.");
        return 0;
    }
    (void)printf("Stopping Hypnotoad server %d gracefully.\n", (int)pid);
    (void)fflush(stdout);
    if (pidfd_send_signal(server_fd, SIGQUIT, NULL, 0) != 0 && errno != ESRCH) {
        (void)fprintf(stderr, "hypnotoad: server %d cannot be stopped: %s\n", (int)pid,
                      strerror(errno));
        return 1;
    }
    struct pollfd watched = {.fd = server_fd, .events = POLLIN};
    while (poll(&watched, 1, -1) < 0 && errno == EINTR)
        continue;
    (void)close(server_fd);
    return 0;
}
