/* What one generation leaves to the next, and what an environment may claim that it did. */
#include "main/inheritance.h"

#include "captured.h"
#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/folder.h"
#include "sys/channel.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VARIABLE "HYPNOTOAD_HANDOVER"

static const struct listener_queue any_backlog = {.backlog = -1};
static struct inheritance inheritance;
static struct problem problem;
static int channel[2];
static int errors_fd;
static int listeners[2];

static int open_listener(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

static void begin(void)
{
    folder_open();
    (void)unsetenv(VARIABLE);
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    cr_assert_eq(channel_open(&channel[0], &channel[1]), ERROR_NONE);
    errors_fd = dup(STDERR_FILENO);
    listeners[0] = open_listener();
    listeners[1] = open_listener();
}

TestSuite(inheritance, .init = begin, .fini = folder_close);

static struct handover good(void)
{
    return (struct handover){.channel = channel[1],
                             .errors = errors_fd,
                             .manager = (int32_t)getpid(),
                             .generation = 2,
                             .is_detached = true,
                             .pid_path = "/run/a b.pid",
                             .listener_count = 2,
                             .listeners = {{.fd = listeners[0], .value = "http://*:80"},
                                           {.fd = listeners[1], .value = "http://*:81"}}};
}

static void leave(const struct handover *handover)
{
    char text[4096];
    struct buffer line;
    buffer_init(&line, text, sizeof text);
    cr_assert(handover_write(&line, handover));
    cr_assert_eq(setenv(VARIABLE, text, 1), 0);
}

static bool is_close_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && (flags & FD_CLOEXEC) != 0;
}

/* Promises UPG-1, UPG-8, WRK-9 */
Test(inheritance, is_taken_and_removed)
{
    struct handover given = good();
    leave(&given);
    const int fds[] = {channel[1], errors_fd, listeners[0], listeners[1]};
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(fcntl(fds[i], F_SETFD, 0), 0);
    cr_assert_eq(inheritance_take(&inheritance, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect(inheritance.is_successor);
    cr_expect_null(getenv(VARIABLE));
    for (size_t i = 0; i < 4; i++)
        cr_expect(is_close_on_exec(fds[i]), "%zu", i);
    cr_expect_eq(inheritance.handover.manager, getpid());
    cr_expect_eq(inheritance.handover.generation, 2);
    cr_expect(inheritance.handover.is_detached);
    cr_expect_str_eq(inheritance.handover.pid_path, "/run/a b.pid");
    cr_expect_eq(inheritance.sockets.count, 2);
    cr_expect_eq(inheritance.sockets.fds[1], listeners[1]);
}

Test(inheritance, may_be_none)
{
    struct descriptors before = descriptors_look();
    cr_assert_eq(inheritance_take(&inheritance, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_not(inheritance.is_successor);
    cr_expect_eq(inheritance.sockets.count, 0);
    int fd = -1;
    cr_expect_eq(inheritance_claim(&inheritance, "http://*:80", any_backlog, 1, &fd), 0);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
}

static void expect_refusal(const struct handover *handover, const char *reason)
{
    leave(handover);
    cr_expect_eq(inheritance_take(&inheritance, &problem), ERROR_INVALID, "%s", reason);
    cr_expect_str_eq(problem.text, reason);
    cr_expect_null(getenv(VARIABLE), "it is gone all the same");
}

/* Bad input: nothing that was claimed is believed, and no process is touched. */
Test(inheritance, that_is_forged_or_stale_is_refused)
{
    static const char no_channel[] = "the handover names no channel to the running server";
    static const char no_socket[] = "the handover names no socket that listens for \"http://*:81\"";
    static const char no_errors[] = "the handover names no standard error";
    int pipe_ends[2];
    cr_assert_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
    const int no_channels[] = {1000, 0, 1, 2, pipe_ends[0], listeners[0]};
    struct handover given = good();
    for (size_t i = 0; i < sizeof no_channels / sizeof no_channels[0]; i++) {
        given.channel = no_channels[i];
        expect_refusal(&given, no_channel);
    }
    given = good();
    given.manager = 1;
    expect_refusal(&given, no_channel);
    given.manager = (int32_t)getppid();
    expect_refusal(&given, no_channel);
    given = good();
    for (int fd = 0; fd <= 2; fd++) {
        given.errors = fd;
        expect_refusal(&given, no_errors);
    }
    given.errors = 1000;
    expect_refusal(&given, no_errors);
    given = good();
    given.listeners[1].fd = 1000;
    expect_refusal(&given, no_socket);
    given.listeners[1].fd = 2;
    expect_refusal(&given, no_socket);
    given.listeners[1].fd = errors_fd;
    expect_refusal(&given, no_socket);
    given.listeners[1].fd = socket(AF_INET, SOCK_STREAM, 0);
    expect_refusal(&given, no_socket);
}

Test(inheritance, that_is_malformed_is_refused)
{
    static char text[100000];
    static const struct {
        const char *text;
        const char *reason;
    } table[] = {
        {"", "the running server hands over in version \"\", this one understands 1"},
        {"2 x", "the running server hands over in version \"2\", this one understands 1"},
        {"1 3 4", "the handover has a malformed number"},
        {"1 3 4 5 6 0", "the handover has no PID file"},
        {"1 3 4 5 6 0 pid x", "the handover has a malformed listener"},
        {text, "the handover is too long"},
    };
    memset(text, '1', sizeof text - 1);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_assert_eq(setenv(VARIABLE, table[i].text, 1), 0);
        cr_expect_eq(inheritance_take(&inheritance, &problem), ERROR_INVALID, "%zu", i);
        cr_expect_str_eq(problem.text, table[i].reason);
        cr_expect_null(getenv(VARIABLE));
        cr_expect(inheritance.is_successor, "who was meant to be one starts nothing of its own");
    }
}

Test(inheritance, is_claimed_by_the_listen_value)
{
    int fds[LISTENERS_MAX];
    struct handover given = good();
    given.listeners[1].value = "http://*:80"; /* one value, two addresses */
    leave(&given);
    cr_assert_eq(inheritance_take(&inheritance, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(inheritance_claim(&inheritance, "http://*:8", any_backlog, 2, fds), 0);
    cr_expect_eq(inheritance_claim(&inheritance, "http://*:80", any_backlog, 0, fds), 0);
    cr_expect_eq(inheritance_claim(&inheritance, "http://*:80", any_backlog, 1, fds), 1);
    cr_expect_eq(fds[0], listeners[0]);
    cr_expect_eq(inheritance.sockets.fds[0], -1);
    cr_expect_eq(inheritance_claim(&inheritance, "http://*:80", any_backlog, 2, fds), 1);
    cr_expect_eq(fds[0], listeners[1]);
    cr_expect_eq(inheritance_claim(&inheritance, "http://*:80", any_backlog, 2, fds), 0);
    cr_expect(fcntl(listeners[0], F_GETFL) & O_NONBLOCK);
}

/* Promise LSN-2 */
Test(inheritance, says_what_a_socket_was_opened_for_and_which_file_was_made_for_it)
{
    struct handover given = good();
    const struct file_identity file = {.device = 7, .inode = 9};
    given.listeners[1] =
        (struct handover_listener){.fd = listeners[1], .value = "file:///run/a.sock", .file = file};
    cr_expect_null(inheritance_value(&inheritance, listeners[1]), "nobody has left anything yet");
    leave(&given);
    cr_assert_eq(inheritance_take(&inheritance, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_str_eq(inheritance_value(&inheritance, listeners[0]), "http://*:80");
    cr_expect_str_eq(inheritance_value(&inheritance, listeners[1]), "file:///run/a.sock");
    cr_expect_null(inheritance_value(&inheritance, 1000));
    cr_expect(file_identity_is_none(inheritance.sockets.files[0]));
    cr_expect(file_identity_equal(inheritance.sockets.files[1], file));
}

/* ---- The service manager ---- */

struct service {
    const char *pid; /* NULL: its own */
    const char *count;
    size_t expected;
};

static void set_or_remove(const char *name, const char *value)
{
    if (value == NULL)
        (void)unsetenv(name);
    else
        (void)setenv(name, value, 1);
}

/* A process of its own, in which the descriptors from 3 on are what a service manager leaves. */
static int take_service(void *context)
{
    const struct service *service = context;
    char own[16];
    child_demand(dup2(listeners[0], 103) == 103 && dup2(listeners[1], 104) == 104);
    child_demand(close_range(3, 102, 0) == 0 && dup2(103, 3) == 3 && dup2(104, 4) == 4);
    child_demand(close_range(100, 200, 0) == 0);
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    set_or_remove("LISTEN_PID", service->pid == NULL ? own : service->pid);
    set_or_remove("LISTEN_FDS", service->count);
    (void)setenv("LISTEN_FDNAMES", "web.socket:b", 1);
    child_demand(inheritance_take(&inheritance, &problem) == ERROR_NONE);
    child_demand(!inheritance.is_successor);
    child_demand(inheritance.sockets.count == service->expected);
    for (size_t i = 0; i < service->expected; i++) {
        child_demand(inheritance.sockets.fds[i] == 3 + (int)i);
        child_demand(is_close_on_exec(3 + (int)i));
        child_demand(strcmp(inheritance.sockets.names[i], i == 0 ? "web.socket" : "b") == 0);
    }
    child_demand(getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDS") == NULL);
    child_demand(getenv("LISTEN_FDNAMES") == NULL);
    return 0;
}

/* Promise LSN-5 */
Test(inheritance, may_come_from_a_service_manager)
{
    static const struct service table[] = {
        {NULL, "2", 2}, {NULL, "1", 1}, {NULL, "0", 0},       {NULL, "3", 2},  {NULL, NULL, 0},
        {NULL, "", 0},  {NULL, "x", 0}, {NULL, "-1", 0},      {NULL, "1x", 0}, {"1", "2", 0},
        {"", "2", 0},   {"x", "2", 0},  {NULL, "9999999", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_expect_eq(captured_run(take_service, (void *)(uintptr_t)&table[i]), 0, "%zu: %s", i,
                     captured_errors());
}

/* A name for each number, also where a number is nothing; the last ones may have none. */
static int take_names(void *context)
{
    char own[16];
    child_demand(dup2(listeners[0], 103) == 103 && dup2(listeners[1], 104) == 104);
    child_demand(close_range(3, 102, 0) == 0 && dup2(103, 4) == 4 && dup2(104, 5) == 5);
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    (void)setenv("LISTEN_PID", own, 1);
    (void)setenv("LISTEN_FDS", "3", 1);
    set_or_remove("LISTEN_FDNAMES", context);
    child_demand(inheritance_take(&inheritance, &problem) == ERROR_NONE);
    child_demand(inheritance.sockets.count == 2 && inheritance.sockets.fds[0] == 4);
    for (size_t i = 0; i < 2; i++)
        (void)printf("%s\n",
                     inheritance.sockets.names[i] == NULL ? "-" : inheritance.sockets.names[i]);
    return 0;
}

/* Promise LSN-5 */
Test(inheritance, has_the_names_that_a_service_manager_gives)
{
    static const struct {
        const char *names;
        const char *expected;
    } table[] = {{NULL, "-\n-\n"},      {"a:b:c", "b\nc\n"}, {"a:b", "b\n-\n"},
                 {"a::c:d:e", "\nc\n"}, {"", "-\n-\n"},      {":", "\n-\n"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect_eq(captured_run(take_names, (void *)(uintptr_t)table[i].names), 0, "%zu: %s", i,
                     captured_errors());
        cr_expect_str_eq(captured_out(), table[i].expected, "%zu", i);
    }
}

/* ---- From one generation to the next ---- */

static int pass_on(void *context)
{
    struct handover given = good();
    given.pid_path = context;
    given.manager = 4711;
    inheritance_pass_on("/bin/sh",
                        (char *[]){"sh", "-c",
                                   "echo \"$" VARIABLE "\"; ls -l /proc/self/fd | "
                                   "sed -n 's/.* \\([0-9]*\\) -> \\(.*\\):.*/\\1 \\2/p'",
                                   NULL},
                        &given);
    return 9;
}

/* Promises UPG-1, UPG-8 */
Test(inheritance, is_passed_on)
{
    char expected[256];
    cr_assert_eq(fcntl(listeners[0], F_SETFD, FD_CLOEXEC), 0);
    int secret = fcntl(listeners[0], F_DUPFD_CLOEXEC, 3);
    cr_expect_eq(captured_run(pass_on, (void *)(uintptr_t) "/run/a b.pid"), 0, "%s",
                 captured_errors());
    (void)snprintf(expected, sizeof expected,
                   "1 %d %d 4711 2 1 /run/a%%20b.pid %d=http://*:80 %d=http://*:81\n", channel[1],
                   errors_fd, listeners[0], listeners[1]);
    cr_expect_eq(strncmp(captured_out(), expected, strlen(expected)), 0, "%s", captured_out());
    const int kept[] = {channel[1], listeners[0], listeners[1]};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(expected, sizeof expected, "\n%d socket\n", kept[i]);
        cr_expect(strstr(captured_out(), expected) != NULL, "%s", captured_out());
    }
    (void)snprintf(expected, sizeof expected, "\n%d socket\n", secret);
    cr_expect(strstr(captured_out(), expected) == NULL, "%s", captured_out());
}

static int pass_on_in_vain(void *context)
{
    struct handover given = good();
    static char long_path[100000];
    memset(long_path, 'x', sizeof long_path - 1);
    if (context == NULL)
        given.pid_path = long_path;
    else if (strcmp(context, "/bin/true") == 0)
        given.channel = 1000;
    inheritance_pass_on(context == NULL ? "/bin/true" : context, (char *[]){"true", NULL}, &given);
    return 9;
}

/* Promise UPG-5 */
Test(inheritance, that_cannot_be_passed_on_is_explained)
{
    static const struct {
        const char *path; /* NULL: too much is to be passed on */
        const char *says;
    } table[] = {
        {"/no/such/file",
         "hypnotoad: cannot execute \"/no/such/file\": No such file or directory\n"},
        {"/", "hypnotoad: cannot execute \"/\": Permission denied\n"},
        {"/dev/null", "hypnotoad: cannot execute \"/dev/null\": Permission denied\n"},
        {"/bin/true", "hypnotoad: cannot execute \"/bin/true\": Bad file descriptor\n"},
        {NULL, "hypnotoad: cannot execute \"/bin/true\": Argument list too long\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect_eq(captured_run(pass_on_in_vain, (void *)(uintptr_t)table[i].path), 9);
        cr_expect_str_eq(captured_errors(), table[i].says);
    }
}
