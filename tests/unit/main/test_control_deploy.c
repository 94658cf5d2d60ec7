/* The command asks a server that is running for a hot deployment (promises CLI-8, CLI-10). */
#include "main/control.h"

#include "captured.h"
#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/control_socket.h"
#include "sys/pid_file.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWERS_MAX = 3
};

/* What the server does, in memory that it shares with the test. */
static struct {
    const char *answers[ANSWERS_MAX]; /* to be sent; `%` in front of the end: its own PID */
    bool is_deaf;                     /* nobody can ask */
    char asked[64];
    size_t asked_size;
} * play;

static char path[1024];
static pid_t server;

static void begin(void)
{
    folder_open();
    (void)snprintf(path, sizeof path, "%s", folder_path("pid"));
    play = child_shared(sizeof *play);
    /* The plan must be there before a child shares it. */
    faulty_arm(FAULTY_poll, FAULTY_ONCE, 1, FAULTY_HERE);
    (void)faulty_disarm();
}

TestSuite(control_deploy, .init = begin, .fini = folder_close);

static void answer(int fd, const char *text)
{
    char message[128];
    size_t size = strlen(text);
    (void)snprintf(message, sizeof message, "%s", text);
    if (text[size - 1] == '%')
        (void)snprintf(message + size - 1, sizeof message - size + 1, "%d", (int)getpid());
    /* Who has asked may be gone. */
    enum error error = control_socket_send(fd, message, strlen(message));
    (void)error;
}

static bool has_heard(void *context)
{
    static char text[CONTROL_MESSAGE_MAX];
    if (control_socket_receive(*(int *)context, text, &play->asked_size) != ERROR_NONE)
        return false;
    memcpy(play->asked, text, play->asked_size < sizeof play->asked ? play->asked_size : 0);
    return true;
}

static bool has_asker(void *context)
{
    int *fds = context;
    return control_socket_accept(fds[0], &fds[1]) == ERROR_NONE;
}

static int be_manager(void *context)
{
    static struct pid_file file;
    struct problem problem;
    int fds[2] = {-1, -1};
    (void)context;
    pid_file_init(&file, path);
    child_demand(play->is_deaf || control_socket_open(&fds[0]) == ERROR_NONE);
    child_demand(pid_file_draft(&file, 0, &problem) == ERROR_NONE);
    child_demand(pid_file_publish(&file, &problem) == ERROR_NONE);
    if (!play->is_deaf && patience_holds(has_asker, fds) && patience_holds(has_heard, &fds[1])) {
        for (size_t i = 0; i < ANSWERS_MAX && play->answers[i] != NULL; i++)
            answer(fds[1], play->answers[i]);
        (void)close(fds[1]);
    }
    (void)pause();
    return 0;
}

static bool is_there(void *context)
{
    return folder_has(context);
}

static struct {
    enum faulty_call call;
    enum faulty_way way;
    bool is_armed;
} fault;

static int deploy(void *context)
{
    struct descriptors before = descriptors_look();
    (void)context;
    if (fault.is_armed)
        faulty_arm(fault.call, fault.way, 1, FAULTY_HERE);
    int status =
        control_deploy(path, (int32_t)server, (const char *const[]){"./app.so", "/srv/app.so"});
    (void)faulty_disarm();
    struct descriptors after = descriptors_look();
    return descriptors_equal(&before, &after) ? status : 50;
}

static int run(const char *first, const char *second)
{
    play->answers[0] = first;
    play->answers[1] = second;
    (void)unlink(path);
    server = child_start(be_manager, NULL);
    cr_assert(patience_holds(is_there, "pid"));
    int status = captured_run(deploy, NULL);
    (void)kill(server, SIGKILL);
    cr_expect_eq(child_wait(server), CHILD_SIGNALLED + SIGKILL);
    return status;
}

static void expect_failure(const char *reason)
{
    char said[256];
    (void)snprintf(said, sizeof said, "hypnotoad: the hot deployment of server %d failed: %s\n",
                   (int)server, reason);
    cr_expect_str_eq(captured_errors(), said);
}

Test(control_deploy, asks_waits_and_succeeds)
{
    static const char expected[] = "./app.so\0/srv/app.so";
    char said[64];
    cr_expect_eq(run("Ta warning\n", "C%"), 0);
    cr_expect_eq(play->asked_size, sizeof expected);
    cr_expect_arr_eq(play->asked, expected, sizeof expected);
    (void)snprintf(said, sizeof said, "Starting hot deployment for Hypnotoad server %d.\n",
                   (int)server);
    cr_expect_str_eq(captured_out(), said);
    cr_expect_str_eq(captured_errors(), "a warning\n");
}

Test(control_deploy, says_why_it_failed)
{
    cr_expect_eq(run("Fthe reason", NULL), 1);
    expect_failure("the reason");
    cr_expect_eq(run(NULL, NULL), 1);
    expect_failure("the server is gone");
    cr_expect_eq(run("C12x", NULL), 1);
    expect_failure("the server's answer cannot be understood");
    cr_expect_eq(run("C", NULL), 1);
    expect_failure("the server's answer cannot be understood");
    cr_expect_eq(run("C999999999", NULL), 1);
    expect_failure("the new generation ended while it took over");
}

Test(control_deploy, says_that_nobody_can_be_asked)
{
    char said[128];
    play->is_deaf = true;
    cr_expect_eq(run(NULL, NULL), 1);
    (void)snprintf(
        said, sizeof said,
        "hypnotoad: server %d cannot be asked for a hot deployment: Connection refused\n",
        (int)server);
    cr_expect_str_eq(captured_errors(), said);
}

Test(control_deploy, says_which_call_fails)
{
    static const struct {
        enum faulty_call call;
        const char *says;
    } table[] = {
        {FAULTY_socket, "cannot be asked for a hot deployment: Too many open files\n"},
        {FAULTY_getsockopt, "cannot be asked for a hot deployment: "},
        {FAULTY_send, "cannot be asked for a hot deployment: Connection reset by peer\n"},
        {FAULTY_recv, "failed: the server is gone\n"},
    };
    fault.is_armed = true;
    fault.way = FAULTY_ONCE;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        fault.call = table[i].call;
        cr_expect_eq(run("C%", NULL), 1, "%s", faulty_call_text(fault.call));
        cr_expect(strstr(captured_errors(), table[i].says) != NULL, "%s", captured_errors());
    }
}

Test(control_deploy, waits_on_after_an_interruption)
{
    fault.is_armed = true;
    fault.call = FAULTY_recv;
    fault.way = FAULTY_INTERRUPTED;
    cr_expect_eq(run("C%", NULL), 0, "%s", captured_errors());
}
