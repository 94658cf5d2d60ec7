#include "sys/command.h"

#include "base/limits.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
    int fd;
    struct buffer *buffer;
};

static void become_program(const char *const *arguments, int output_fd, int error_fd)
{
    signals_set_defaults();
    signals_unblock();
    (void)setpgid(0, 0);
    int input_fd = open("/dev/null", O_RDONLY);
    if (input_fd >= 0 && dup2(input_fd, STDIN_FILENO) >= 0 && dup2(output_fd, STDOUT_FILENO) >= 0 &&
        dup2(error_fd, STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0u, 0) == 0)
        (void)execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

/* Reads what is there; the end of the stream closes it. */
static bool collect(struct stream *stream)
{
    char chunk[4096];
    ssize_t size = read(stream->fd, chunk, sizeof chunk);
    if (size > 0)
        return buffer_append(stream->buffer, (struct bytes){chunk, (size_t)size});
    if (size == 0 || (errno != EAGAIN && errno != EINTR))
        process_close(&stream->fd);
    return true;
}

/* False if the time is up. An error of poll() only means that the world is looked at earlier. */
static bool await(struct pollfd *watched, nfds_t count, int64_t deadline_us)
{
    int64_t left_us = deadline_us - clock_monotonic_us();
    if (left_us <= 0)
        return false;
    (void)poll(watched, count, (int)(left_us / MILLISECOND_US) + 1);
    return true;
}

static void collect_all(struct stream *streams, int64_t deadline_us, struct command_result *result)
{
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        struct pollfd watched[2] = {{.fd = streams[0].fd, .events = POLLIN},
                                    {.fd = streams[1].fd, .events = POLLIN}};
        if (!await(watched, 2, deadline_us)) {
            result->is_late = true;
            return;
        }
        for (int i = 0; i < 2; i++)
            if (streams[i].fd >= 0 && watched[i].revents != 0 && !collect(&streams[i])) {
                result->is_too_long = true;
                return;
            }
    }
}

/* A program may close its streams and go on. */
static bool is_running(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

static void await_end(pid_t pid, int64_t deadline_us, struct command_result *result)
{
    while (!result->is_late && is_running(pid)) {
        result->is_late = clock_monotonic_us() >= deadline_us;
        (void)poll(NULL, 0, 1);
    }
}

static void end(pid_t pid, struct command_result *result)
{
    /* The program has ended or its time is up: nothing that is left of its group has anything to
     * say. */
    (void)kill(-pid, SIGKILL);
    int status = 0;
    pid_t ended = 0;
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    result->status = ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum error command_run(const char *const *arguments, int64_t timeout_us, struct buffer *output,
                       struct buffer *errors, struct command_result *ret_result)
{
    struct stream streams[2] = {{-1, output}, {-1, errors}};
    int writers[2] = {-1, -1};
    enum error error = process_pipe(false, &streams[0].fd, &writers[0]);
    if (error == ERROR_NONE)
        error = process_pipe(false, &streams[1].fd, &writers[1]);
    pid_t pid = error == ERROR_NONE ? fork() : -1;
    if (pid == 0)
        become_program(arguments, writers[0], writers[1]);
    process_close(&writers[0]);
    process_close(&writers[1]);
    if (pid > 0) {
        (void)setpgid(pid, pid);
        *ret_result = (struct command_result){.status = -1};
        int64_t deadline_us = clock_monotonic_us() + timeout_us;
        collect_all(streams, deadline_us, ret_result);
        if (!ret_result->is_too_long)
            await_end(pid, deadline_us, ret_result);
        end(pid, ret_result);
    }
    process_close(&streams[0].fd);
    process_close(&streams[1].fd);
    return pid > 0 ? ERROR_NONE : ERROR_SYSTEM;
}
