#include "main/control.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "manager/askers.h"
#include "sys/clock.h"
#include "sys/control_socket.h"
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

/* How long a generation that has been told to take over may need for it. */
#define TAKEOVER_US (10 * SECOND_US)

static int give_up(int32_t pid, struct bytes reason)
{
    (void)fprintf(stderr, "hypnotoad: the hot deployment of server %d failed: %.*s\n", (int)pid,
                  (int)reason.size, reason.data);
    return 1;
}

/* The new manager writes the PID file when it serves. */
static int await_takeover(const char *pid_path, int32_t pid, struct bytes successor)
{
    uint64_t expected = 0;
    int32_t owner = 0;
    if (!bytes_to_number(successor, INT32_MAX, &expected))
        return give_up(pid, BYTES("the server's answer cannot be understood"));
    int64_t end_us = clock_monotonic_us() + TAKEOVER_US;
    do {
        if (pid_file_owner(pid_path, &owner) == ERROR_NONE && owner == (int32_t)expected)
            return 0;
        (void)poll(NULL, 0, 5);
    } while (kill((pid_t)expected, 0) == 0 && clock_monotonic_us() < end_us);
    return give_up(pid, BYTES("the new generation ended while it took over"));
}

static int await_outcome(int fd, const char *pid_path, int32_t pid)
{
    char message[CONTROL_MESSAGE_MAX];
    size_t size = 0;
    for (;;) {
        enum error error = control_socket_receive(fd, message, &size);
        if (error == ERROR_AGAIN)
            continue;
        if (error != ERROR_NONE)
            return give_up(pid, BYTES("the server is gone"));
        struct bytes text = {message + 1, size - 1};
        if (message[0] == ASKER_COMMITTED)
            return await_takeover(pid_path, pid, text);
        if (message[0] == ASKER_FAILED)
            return give_up(pid, text);
        (void)fwrite(text.data, 1, text.size, stderr);
    }
}

static enum error ask(int fd, const char *const names[2])
{
    char message[CONTROL_MESSAGE_MAX];
    int size = snprintf(message, sizeof message, "%s%c%s", names[0], '\0', names[1]);
    return size > 0 && (size_t)size < sizeof message
               ? control_socket_send(fd, message, (size_t)size + 1)
               : ERROR_FULL;
}

int control_deploy(const char *pid_path, int32_t pid, const char *const names[2])
{
    int fd = -1;
    (void)printf("Starting hot deployment for Hypnotoad server %d.\n", (int)pid);
    (void)fflush(stdout);
    if (control_socket_connect(pid, &fd) != ERROR_NONE || ask(fd, names) != ERROR_NONE) {
        (void)fail(pid, "asked for a hot deployment");
        if (fd >= 0)
            (void)close(fd);
        return 1;
    }
    int status = await_outcome(fd, pid_path, pid);
    (void)close(fd);
    return status;
}
