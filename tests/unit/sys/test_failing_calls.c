/* Every call that sys makes for sockets, signals and processes and that can fail does, one after
 * the other. */
#include "sys/command.h"
#include "sys/listener.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/unix_listener.h"

#include "kit/folder.h"
#include "kit/sweep.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(failing_calls, .init = folder_open, .fini = folder_close);

enum {
    NEVER = 0,
    ONCE = FAULTY_ONCE,
    BOTH = FAULTY_ONCE | FAULTY_FROM_THEN_ON,
    INTERRUPTED = FAULTY_INTERRUPTED,
};

static int fds[8];
static size_t count;
static uint16_t port;

static enum error listen_anywhere(struct problem *problem)
{
    struct listener_address address = {.host = "*", .is_shared = true};
    return listener_open(&address, 8, fds, &count, &port, problem);
}

static void close_all(void)
{
    while (count > 0)
        (void)close(fds[--count]);
}

Test(failing_calls, of_listener_open)
{
    struct sweep sweep = {
        .name = "listener_open", .attempt = listen_anywhere, .undo = close_all, .says = "*"};
    static const struct sweep_row rows[] = {
        {FAULTY_getaddrinfo, BOTH, NEVER},
        {FAULTY_socket, BOTH, NEVER},
        /* A port that the kernel has just chosen may be taken for the other family. */
        {FAULTY_bind, FAULTY_FROM_THEN_ON, ONCE},
        {FAULTY_listen, FAULTY_FROM_THEN_ON, ONCE},
        {FAULTY_getsockname, BOTH, NEVER},
        {FAULTY_setsockopt, FAULTY_FROM_THEN_ON, BOTH},
    };
    SWEEP_RUN(&sweep, rows);
}

static uint16_t chosen_port;

static void choose_port(void)
{
    struct problem problem;
    cr_assert_eq(listen_anywhere(&problem), ERROR_NONE);
    chosen_port = port;
    close_all();
}

static enum error listen_here(struct problem *problem)
{
    struct listener_address address = {.host = "127.0.0.1", .port = chosen_port};
    return listener_open(&address, 8, fds, &count, &port, problem);
}

Test(failing_calls, of_listener_open_with_a_port)
{
    struct sweep sweep = {.name = "listener_open",
                          .prepare = choose_port,
                          .attempt = listen_here,
                          .undo = close_all,
                          .says = "127.0.0.1"};
    static const struct sweep_row rows[] = {
        {FAULTY_bind, BOTH, NEVER},
        {FAULTY_listen, BOTH, NEVER},
        {FAULTY_socket, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static enum error check_anywhere(struct problem *problem)
{
    return listener_check(&(struct listener_address){.host = "*"}, problem);
}

Test(failing_calls, of_listener_check)
{
    struct sweep sweep = {.name = "listener_check", .attempt = check_anywhere, .says = "*"};
    static const struct sweep_row rows[] = {{FAULTY_getaddrinfo, BOTH, NEVER}};
    SWEEP_RUN(&sweep, rows);
}

static struct file_identity file;

static void leave_stale(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", folder_path("sock"));
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    (void)close(fd);
}

static enum error listen_under_a_path(struct problem *problem)
{
    struct unix_address address = {.path = folder_path("sock"), .mode = 0600};
    enum error error = unix_listener_open(&address, fds, &file, problem);
    count = error == ERROR_NONE;
    return error;
}

static void remove_path(void)
{
    close_all();
    (void)unlink(folder_path("sock"));
}

/* Promise LSN-2 */
Test(failing_calls, of_unix_listener_open)
{
    struct sweep sweep = {.name = "unix_listener_open",
                          .attempt = listen_under_a_path,
                          .undo = remove_path,
                          .says = "/sock"};
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, NEVER},       {FAULTY_flock, BOTH, INTERRUPTED},
        {FAULTY_lstat, BOTH, NEVER},      {FAULTY_socket, BOTH, NEVER},
        {FAULTY_bind, BOTH, NEVER},       {FAULTY_fstat, BOTH, NEVER},
        {FAULTY_chmod, BOTH, NEVER},      {FAULTY_listen, BOTH, NEVER},
        {FAULTY_getsockopt, NEVER, BOTH},
    };
    SWEEP_RUN(&sweep, rows);
}

Test(failing_calls, of_unix_listener_open_where_one_is_stale)
{
    struct sweep sweep = {.name = "unix_listener_open",
                          .prepare = leave_stale,
                          .attempt = listen_under_a_path,
                          .undo = remove_path,
                          .says = "/sock"};
    static const struct sweep_row rows[] = {
        {FAULTY_socket, BOTH, NEVER},
        {FAULTY_connect, BOTH, NEVER},
        {FAULTY_unlink, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static enum error check_path(struct problem *problem)
{
    return unix_listener_check(folder_path("sock"), problem);
}

Test(failing_calls, of_unix_listener_check)
{
    struct sweep sweep = {.name = "unix_listener_check", .attempt = check_path, .says = "/sock"};
    static const struct sweep_row rows[] = {
        {FAULTY_access, BOTH, NEVER},
        {FAULTY_lstat, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static enum error remove_a_listener(struct problem *problem)
{
    (void)problem;
    unix_listener_remove(folder_path("sock"), file);
    return access(folder_path("sock"), F_OK) == 0 ? ERROR_SYSTEM : ERROR_NONE;
}

static void leave_own(void)
{
    struct problem problem;
    cr_assert_eq(listen_under_a_path(&problem), ERROR_NONE);
    close_all();
}

/* A file that cannot be removed stays, as if the server had been killed. */
Test(failing_calls, of_unix_listener_remove)
{
    struct sweep sweep = {.name = "unix_listener_remove",
                          .prepare = leave_own,
                          .attempt = remove_a_listener,
                          .undo = remove_path};
    static const struct sweep_row rows[] = {
        {FAULTY_lstat, BOTH, NEVER},  {FAULTY_open, BOTH, NEVER},    {FAULTY_flock, BOTH, NEVER},
        {FAULTY_socket, BOTH, NEVER}, {FAULTY_connect, BOTH, NEVER}, {FAULTY_unlink, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static int signal_fd = -1;

static enum error open_signals(struct problem *problem)
{
    static const int signals[] = {SIGUSR1};
    (void)problem;
    return signals_open(signals, 1, &signal_fd);
}

static void close_signals(void)
{
    process_close(&signal_fd);
}

Test(failing_calls, of_signals_open)
{
    struct sweep sweep = {.name = "signals_open", .attempt = open_signals, .undo = close_signals};
    static const struct sweep_row rows[] = {
        {FAULTY_sigprocmask, BOTH, NEVER},
        {FAULTY_signalfd, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static void raise_signal(void)
{
    struct problem problem;
    cr_assert_eq(open_signals(&problem), ERROR_NONE);
    (void)raise(SIGUSR1);
}

static enum error read_signal(struct problem *problem)
{
    int number = 0;
    (void)problem;
    return signals_read(signal_fd, &number);
}

Test(failing_calls, of_signals_read)
{
    struct sweep sweep = {.name = "signals_read",
                          .prepare = raise_signal,
                          .attempt = read_signal,
                          .undo = close_signals};
    static const struct sweep_row rows[] = {{FAULTY_read, BOTH | INTERRUPTED, NEVER}};
    SWEEP_RUN(&sweep, rows);
}

static int ends[2] = {-1, -1};

static enum error open_pipe(struct problem *problem)
{
    (void)problem;
    return process_pipe(true, &ends[0], &ends[1]);
}

static void close_pipe(void)
{
    process_close(&ends[0]);
    process_close(&ends[1]);
}

Test(failing_calls, of_process_pipe)
{
    struct sweep sweep = {.name = "process_pipe", .attempt = open_pipe, .undo = close_pipe};
    static const struct sweep_row rows[] = {{FAULTY_pipe2, BOTH, NEVER}};
    SWEEP_RUN(&sweep, rows);
}

static enum error open_streams(struct problem *problem)
{
    (void)problem;
    return process_open_streams();
}

static enum error detach_streams(struct problem *problem)
{
    (void)problem;
    int kept[3] = {dup(0), dup(1), dup(2)};
    enum error error = process_detach_streams(-1);
    for (int i = 0; i < 3; i++) {
        (void)dup3(kept[i], i, 0);
        (void)close(kept[i]);
    }
    return error;
}

/* Promise CLI-7 */
Test(failing_calls, of_streams)
{
    struct sweep opening = {.name = "process_open_streams", .attempt = open_streams};
    static const struct sweep_row opening_rows[] = {{FAULTY_open, BOTH, NEVER}};
    SWEEP_RUN(&opening, opening_rows);
    struct sweep detaching = {.name = "process_detach_streams", .attempt = detach_streams};
    static const struct sweep_row detaching_rows[] = {
        {FAULTY_open, BOTH, NEVER},
        {FAULTY_dup2, BOTH, NEVER},
    };
    SWEEP_RUN(&detaching, detaching_rows);
}

static enum error find_parent(struct problem *problem)
{
    (void)problem;
    return process_parent(getpid()) == getppid() ? ERROR_NONE : ERROR_NOT_FOUND;
}

Test(failing_calls, of_process_parent)
{
    struct sweep sweep = {.name = "process_parent", .attempt = find_parent};
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, NEVER},
        {FAULTY_read, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static enum error raise_descriptors(struct problem *problem)
{
    (void)problem;
    process_raise_descriptors();
    return ERROR_NONE;
}

Test(failing_calls, of_process_raise_descriptors)
{
    struct sweep sweep = {.name = "process_raise_descriptors", .attempt = raise_descriptors};
    static const struct sweep_row rows[] = {{FAULTY_getrlimit, NEVER, BOTH}};
    SWEEP_RUN(&sweep, rows);
}

/* A program that says something and ends well, or an error. */
static enum error run_program(struct problem *problem)
{
    static const char *const arguments[] = {"sh", "-c", "echo out; echo err >&2", NULL};
    char storage[2][64];
    struct buffer output;
    struct buffer errors;
    struct command_result result;
    (void)problem;
    buffer_init(&output, storage[0], sizeof storage[0]);
    buffer_init(&errors, storage[1], sizeof storage[1]);
    enum error error = command_run(arguments, SECOND_US / 2, &output, &errors, &result);
    cr_expect_lt(waitpid(-1, NULL, WNOHANG), 0, "no child is left");
    if (error != ERROR_NONE || result.is_late || result.is_too_long || result.status != 0)
        return error != ERROR_NONE ? error : ERROR_INVALID;
    return output.size == 4 && errors.size == 4 ? ERROR_NONE : ERROR_CLOSED;
}

Test(failing_calls, of_command_run)
{
    struct sweep sweep = {.name = "command_run", .attempt = run_program};
    static const struct sweep_row rows[] = {
        {FAULTY_pipe2, BOTH, NEVER},
        {FAULTY_fork, BOTH, NEVER},
        /* It looks at the clock as well: the time may be up before it learns of the end. */
        {FAULTY_poll, FAULTY_FROM_THEN_ON, BOTH | INTERRUPTED},
        {FAULTY_read, BOTH, BOTH | INTERRUPTED}, /* what cannot be read may be an end */
        {FAULTY_setpgid, NEVER, BOTH},
        {FAULTY_kill, NEVER, BOTH},
        {FAULTY_waitpid, NEVER, INTERRUPTED},
    };
    SWEEP_RUN(&sweep, rows);
}

struct obstacle {
    enum faulty_call call;
    int status;
};

/* What fails in the child shows in its status. */
Test(failing_calls, of_the_program_before_it_runs)
{
    static const struct obstacle table[] = {{FAULTY_open, 127},        {FAULTY_dup2, 127},
                                            {FAULTY_close_range, 127}, {FAULTY_execvp, 127},
                                            {FAULTY_setpgid, 0},       {FAULTY_sigaction, 0}};
    static const char *const arguments[] = {"sh", "-c", "exit 0", NULL};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (unsigned at = 1; at < 100; at++) {
            char storage[64];
            struct buffer said;
            struct command_result result;
            buffer_init(&said, storage, sizeof storage);
            faulty_arm(table[i].call, FAULTY_ONCE, at, FAULTY_EVERYWHERE);
            cr_assert_eq(command_run(arguments, 10 * SECOND_US, &said, &said, &result), ERROR_NONE);
            bool has_struck = faulty_disarm() > 0;
            cr_assert(has_struck || at > 1, "%s is never called", faulty_call_text(table[i].call));
            if (!has_struck)
                break;
            cr_expect_eq(result.status, table[i].status, "%s number %u",
                         faulty_call_text(table[i].call), at);
            cr_expect_not(result.is_late);
        }
}
