/* Somebody asks a manager for a hot deployment and waits for its outcome (promise CLI-8). */
#include "managed.h"

#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/control_socket.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(manager_askers, .init = managed_open, .fini = managed_close);

static bool is_connected(void *context)
{
    return control_socket_connect((int32_t)manager, context) == ERROR_NONE;
}

static int ask_for(const char *application)
{
    int fd = -1;
    cr_assert(patience_holds(is_connected, &fd));
    cr_assert_eq(control_socket_send(fd, application, strlen(application) + 1), ERROR_NONE);
    return fd;
}

static int ask(void)
{
    return ask_for(MANAGED_APPLICATION);
}

static void expect_message(int fd, const char *expected)
{
    static char text[CONTROL_MESSAGE_MAX + 1];
    size_t size = 0;
    cr_assert(patience_readable(fd, PATIENCE_US), "no \"%s\"", expected);
    cr_assert_eq(control_socket_receive(fd, text, &size), ERROR_NONE, "no \"%s\"", expected);
    text[size] = '\0';
    cr_expect_str_eq(text, expected);
}

static void expect_end(int fd)
{
    char text[CONTROL_MESSAGE_MAX];
    size_t size = 0;
    cr_assert(patience_readable(fd, PATIENCE_US));
    cr_expect_eq(control_socket_receive(fd, text, &size), ERROR_CLOSED);
    (void)close(fd);
}

static void expect_failure(int fd, int status)
{
    char expected[128];
    (void)snprintf(
        expected, sizeof expected,
        "TThe hot deployment failed, this generation goes on: manager %d ended before it "
        "took over (status %d)\n",
        (int)heir->pid, status);
    expect_message(fd, expected);
    expect_message(fd, "Fthe new generation ended before it took over");
    expect_end(fd);
}

Test(manager_askers, hear_that_the_new_generation_takes_over)
{
    char expected[32];
    managed_serve(managed_settings());
    int fd = ask();
    heir_await_birth(1);
    heir_say("not bad\n\x01quite good\n", 20);
    heir->must_ask = true;
    expect_message(fd, "Tnot bad\n");
    expect_message(fd, "Tquite good\n");
    (void)snprintf(expected, sizeof expected, "C%d", (int)heir->pid);
    expect_message(fd, expected);
    expect_end(fd);
    managed_has_heir = true;
    cr_expect_eq(managed_end_by(SIGQUIT), 0);
}

Test(manager_askers, hear_why_the_new_generation_failed)
{
    managed_serve(managed_settings());
    int fd = ask();
    heir_await_birth(1);
    heir_say("the reason", 10);
    heir->must_exit = 1;
    expect_message(fd, "Tthe reason\n");
    expect_failure(fd, 1);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
}

/* What is said between the word and the end is heard as well. */
Test(manager_askers, hear_everything_before_the_outcome)
{
    static char text[6000];
    char expected[2100] = "T";
    managed_serve(managed_settings());
    int fd = ask();
    heir_await_birth(1);
    memset(text, 'x', sizeof text);
    heir_say(text, sizeof text);
    heir->must_exit = 1;
    /* A line without end is cut. */
    memset(expected + 1, 'x', 2047);
    expected[2048] = '\n';
    expect_message(fd, expected);
    expect_message(fd, expected);
    memset(expected + 1, 0, sizeof expected - 1);
    memset(expected + 1, 'x', sizeof text - 2 * (size_t)2047);
    expected[1 + sizeof text - 2 * (size_t)2047] = '\n';
    expect_message(fd, expected);
    expect_failure(fd, 1);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
}

Test(manager_askers, are_refused_while_another_deployment_is_under_way)
{
    managed_serve(managed_settings());
    managed_send(SIGUSR2);
    heir_await_birth(1);
    int fd = ask();
    expect_message(fd, "Fanother hot deployment is under way already");
    expect_end(fd);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
    cr_expect_eq(heir->count, 1);
}

Test(manager_askers, are_refused_while_the_server_starts_or_stops)
{
    stage->parts[0] = PUPPET_MUTE;
    managed_start(managed_settings());
    int fd = ask();
    expect_message(fd, "Fthe server is starting or stopping");
    expect_end(fd);
    stage->parts[0] = PUPPET_STUBBORN;
    managed_await_announcement();
    managed_send(SIGQUIT);
    managed_await_log("Stopping gracefully");
    fd = ask();
    expect_message(fd, "Fthe server is starting or stopping");
    expect_end(fd);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
    cr_expect_eq(heir->count, 0);
}

Test(manager_askers, are_refused_what_is_not_served)
{
    char expected[128];
    managed_serve(managed_settings());
    int fd = ask_for("other.so");
    expect_message(fd, "Fit serves another application, " MANAGED_APPLICATION);
    expect_end(fd);
    fd = ask_for("/elsewhere/" MANAGED_APPLICATION);
    heir_await_birth(1);
    managed_send(SIGTERM);
    (void)snprintf(expected, sizeof expected,
                   "TThe new generation has not taken over and is told to stop, manager %d\n",
                   (int)heir->pid);
    expect_message(fd, expected);
    expect_failure(fd, 0);
    cr_expect_eq(managed_end(), 0);
}

/* Nobody is left who could answer. */
Test(manager_askers, are_sent_away_when_the_manager_ends)
{
    int silent = -1;
    managed_serve(managed_settings());
    cr_assert(patience_holds(is_connected, &silent));
    cr_expect_eq(managed_end_by(SIGTERM), 0);
    expect_end(silent);
}

/* Promise UPG-8: a worker that is born meanwhile has no part in it. */
Test(manager_askers, are_no_business_of_workers)
{
    managed_serve(managed_settings());
    int fd = ask();
    heir_await_birth(1);
    managed_send(SIGTTIN);
    managed_await_puppets(3);
    cr_expect_eq(descriptors_count(&stage->puppets[2].open),
                 descriptors_count(&stage->puppets[0].open), "%s", stage->puppets[2].open.text);
    (void)close(fd);
    cr_expect_eq(managed_end_by(SIGTERM), 0);
}
