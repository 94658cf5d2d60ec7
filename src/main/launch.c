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

/* Who stops the launcher means the server. True if somebody did. */
static bool forward_signals(int signal_fd, pid_t server)
{
    int number = 0;
    bool has_forwarded = false;
    while (signals_read(signal_fd, &number) == ERROR_NONE)
        has_forwarded = kill(server, SIGTERM) == 0;
    return has_forwarded;
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

/* Nobody would learn what becomes of a server that cannot be waited for: there shall be none. */
static int give_up(pid_t server, const char *reason)
{
    (void)fprintf(stderr, "hypnotoad: cannot wait for the server: %s\n", reason);
    (void)kill(server, SIGTERM);
    return status_of_failure(server);
}

/* Waits until the server says that it is ready, or ends. */
static int await(pid_t server, int ready_fd, int signal_fd, int server_fd)
{
    for (;;) {
        struct pollfd watched[] = {{.fd = ready_fd, .events = POLLIN},
                                   {.fd = server_fd, .events = POLLIN},
                                   {.fd = signal_fd, .events = POLLIN}};
        if (poll(watched, 3, -1) < 0) {
            if (errno == EINTR)
                continue;
            return give_up(server, strerror(errno));
        }
        char byte = 0;
        bool has_news = watched[0].revents != 0;
        ssize_t size = has_news ? read(ready_fd, &byte, 1) : -1;
        if (size == 1)
            return 0;
        if (has_news && size < 0 && errno == EINTR)
            continue;
        /* The pipe ends when nobody is left who could say it. */
        if (size == 0 || watched[1].revents != 0)
            return status_of_failure(server);
        if (has_news)
            return give_up(server, strerror(errno));
        /* A server that was told to stop is not ready, whatever it says meanwhile. */
        if (forward_signals(signal_fd, server))
            return status_of_failure(server);
    }
}

enum error launch_begin(struct launch *launch, bool *ret_is_launcher, int *ret_status,
                        struct problem *problem)
{
    int reader = -1;
    int signal_fd = -1;
    size_t count = sizeof forwarded_signals / sizeof forwarded_signals[0];
    pid_t server = -1;
    if (process_pipe(false, &reader, &launch->ready_fd) == ERROR_NONE &&
        signals_open(forwarded_signals, count, &signal_fd) == ERROR_NONE) {
        (void)fflush(NULL);
        server = fork();
    }
    if (server < 0) {
        enum error error =
            problem_set(problem, ERROR_SYSTEM, "cannot go to the background: %s", strerror(errno));
        process_close(&reader);
        process_close(&launch->ready_fd);
        process_close(&signal_fd);
        return error;
    }
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

static void give_up_streams(void)
{
    if (process_detach_streams(log_has_file() ? log_descriptor() : -1) != ERROR_NONE)
        log_write(LOG_LEVEL_ERROR, "The standard streams could not be given up: %s",
                  strerror(errno));
}

void launch_end(struct launch *launch)
{
    if (!launch->is_detached || launch->ready_fd < 0)
        return;
    give_up_streams();
    ssize_t told = write(launch->ready_fd, "!", 1);
    (void)told; /* a launcher that is gone does not want to know */
    process_close(&launch->ready_fd);
}

void launch_follow_log(const struct launch *launch)
{
    if (launch->is_detached && launch->ready_fd < 0)
        give_up_streams();
}

void launch_abandon(struct launch *launch)
{
    process_close(&launch->ready_fd);
}
