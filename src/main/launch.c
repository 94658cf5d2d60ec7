#include "main/launch.h"

#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int forwarded_signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};

/* Who stops the launcher means the server. */
static void forward_signals(int signal_fd, pid_t server)
{
    int number = 0;
    while (signals_read(signal_fd, &number) == ERROR_NONE)
        (void)kill(server, SIGTERM);
}

static int status_of_failure(pid_t server)
{
    int status = 0;
    while (waitpid(server, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status)) {
        (void)fprintf(stderr, "hypnotoad: the server was ended by signal %s before it was ready\n",
                      signals_name(WTERMSIG(status)));
        return 1;
    }
    return WEXITSTATUS(status) == 0 ? 1 : WEXITSTATUS(status);
}

/* Waits until the server says that it is ready, or ends. */
static int await(pid_t server, int ready_fd, int signal_fd, int server_fd)
{
    for (;;) {
        struct pollfd watched[] = {{.fd = ready_fd, .events = POLLIN},
                                   {.fd = server_fd, .events = POLLIN},
                                   {.fd = signal_fd, .events = POLLIN}};
        if (poll(watched, 3, -1) < 0 && errno != EINTR)
            return 1;
        char byte = 0;
        if ((watched[0].revents & POLLIN) != 0 && read(ready_fd, &byte, 1) == 1)
            return 0;
        if ((watched[1].revents & POLLIN) != 0)
            return status_of_failure(server);
        forward_signals(signal_fd, server);
    }
}

enum error launch_begin(struct launch *launch, bool *ret_is_launcher, int *ret_status,
                        struct problem *problem)
{
    int reader = -1;
    int signal_fd = -1;
    size_t count = sizeof forwarded_signals / sizeof forwarded_signals[0];
    if (process_pipe(false, &reader, &launch->ready_fd) != ERROR_NONE ||
        signals_open(forwarded_signals, count, &signal_fd) != ERROR_NONE)
        return problem_set(problem, ERROR_SYSTEM, "cannot go to the background: %s",
                           strerror(errno));
    (void)fflush(NULL);
    pid_t server = fork();
    if (server < 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot go to the background: %s",
                           strerror(errno));
    *ret_is_launcher = server > 0;
    if (server == 0) {
        process_close(&reader);
        process_close(&signal_fd);
        signals_unblock();
        launch->is_detached = true;
        (void)setsid();
        return ERROR_NONE;
    }
    process_close(&launch->ready_fd);
    int server_fd = pidfd_open(server, 0);
    *ret_status = await(server, reader, signal_fd, server_fd);
    process_close(&reader);
    process_close(&signal_fd);
    process_close(&server_fd);
    return ERROR_NONE;
}

void launch_end(struct launch *launch)
{
    if (!launch->is_detached || launch->ready_fd < 0)
        return;
    if (process_detach_streams(log_has_file() ? log_descriptor() : -1) != ERROR_NONE)
        log_write(LOG_LEVEL_ERROR, "The standard streams could not be given up: %s",
                  strerror(errno));
    ssize_t told = write(launch->ready_fd, "!", 1);
    (void)told; /* a launcher that is gone does not want to know */
    process_close(&launch->ready_fd);
}

void launch_abandon(struct launch *launch)
{
    process_close(&launch->ready_fd);
}
