/* UNIX domain sockets: how they come to their path, and whose it is (promise LSN-2). */
#include "sys/unix_listener.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include "unix_paths.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int64_t pause_before_unlink_us;

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    if (pause_before_unlink_us > 0)
        patience_sleep_us(pause_before_unlink_us);
    return __real_unlink(path);
}

TestSuite(unix_listener, .init = begin, .fini = folder_close);

Test(unix_listener, is_found_under_its_path)
{
    struct opened opened = must_open(path());
    struct stat status;
    cr_assert_eq(lstat(path(), &status), 0);
    cr_expect(S_ISSOCK(status.st_mode));
    cr_expect_eq(opened.file.device, status.st_dev);
    cr_expect_eq(opened.file.inode, status.st_ino);
    cr_expect(fcntl(opened.fd, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(opened.fd, F_GETFD) & FD_CLOEXEC);
    cr_expect(listener_is_listening(opened.fd));
    cr_expect(listener_is_unix(opened.fd));
    cr_expect_eq(listener_port(opened.fd), 0);
    cr_expect(is_reached(path()));
    cr_expect_eq(folder_count(), 1, "nothing else is left in the directory");
}

/* What is announced is what was asked for, and neither more nor less because of an umask. */
Test(unix_listener, has_the_permissions_that_it_is_given)
{
    static const mode_t masks[] = {0, 022, 077, 0777};
    for (size_t i = 0; i < 4; i++) {
        mode_t before = umask(masks[i]);
        struct opened opened = must_open(path());
        (void)umask(before);
        cr_expect_eq(mode_of(path()), MODE, "umask %o", (unsigned)masks[i]);
        (void)close(opened.fd);
    }
}

/* Promise LSN-10 */
Test(unix_listener, has_the_backlog_that_it_is_given)
{
    struct unix_address address = address_of(path());
    struct opened opened;
    address.queue.backlog = 0;
    cr_assert_eq(unix_listener_open(&address, &opened.fd, &opened.file, &problem), ERROR_NONE);
    int first = connect_to(path());
    struct sockaddr_un name = name_of(path());
    int second = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_expect_geq(first, 0);
    cr_expect_neq(connect(second, (struct sockaddr *)&name, sizeof name), 0);
    cr_expect_eq(errno, EAGAIN);
    cr_assert_eq(listener_adopt(opened.fd, (struct listener_queue){.backlog = 1}), ERROR_NONE);
    cr_expect_eq(connect(second, (struct sockaddr *)&name, sizeof name), 0);
}

Test(unix_listener, replaces_a_socket_that_nobody_holds)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < 3; i++) {
        leave_stale(path(), types[i]);
        struct opened opened = must_open(path());
        cr_expect(is_reached(path()), "%zu", i);
        (void)close(opened.fd);
        cr_assert_eq(unlink(path()), 0);
    }
}

static int serve_until_killed(void *context)
{
    struct opened opened = must_open(context);
    child_demand(opened.fd >= 0);
    return pause();
}

static bool is_served(void *context)
{
    return is_reached(context);
}

/* Fault: the server was killed. */
Test(unix_listener, replaces_what_a_killed_server_has_left)
{
    static char name[200];
    (void)snprintf(name, sizeof name, "%s", path());
    pid_t server = child_start(serve_until_killed, name);
    cr_assert(patience_holds(is_served, name));
    struct opened opened = {.fd = -1};
    cr_expect_eq(try_open(name, &opened), ERROR_BUSY, "%s", problem.text);
    cr_assert_eq(kill(server, SIGKILL), 0);
    cr_expect_eq(child_wait(server), CHILD_SIGNALLED + SIGKILL);
    cr_expect_not(is_reached(name));
    opened = must_open(name);
    cr_expect(is_reached(name));
}

Test(unix_listener, refuses_a_path_that_somebody_serves)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < 3; i++) {
        int foreign = bind_foreign(path(), types[i]);
        expect_refusal(path(), ERROR_BUSY, "Address already in use");
        cr_expect(folder_has("sock"));
        (void)close(foreign);
        cr_assert_eq(unlink(path()), 0);
    }
}

/* It need not listen yet, its queue may be full, and its process may be stopped. */
Test(unix_listener, refuses_a_path_whose_server_does_not_answer)
{
    struct sockaddr_un name = name_of(path());
    int foreign = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(foreign, (struct sockaddr *)&name, sizeof name), 0);
    expect_refusal(path(), ERROR_BUSY, "Address already in use");
    cr_assert_eq(listen(foreign, 0), 0);
    int waiting = connect_to(path());
    cr_expect_geq(waiting, 0);
    expect_refusal(path(), ERROR_BUSY, "Address already in use");
    cr_expect_eq(accept4(foreign, NULL, NULL, SOCK_CLOEXEC) < 0, 0);
}

/* Nobody who lives is disturbed by the question whether he does. */
Test(unix_listener, asks_without_a_connection)
{
    struct opened opened = must_open(path());
    expect_refusal(path(), ERROR_BUSY, "Address already in use");
    unix_listener_remove(path(), opened.file);
    cr_expect_not(patience_readable(opened.fd, 0));
    cr_expect(folder_has("sock"));
}

Test(unix_listener, refuses_a_path_that_is_no_socket)
{
    static const char reason[] = "is there already and is not a socket";
    folder_write("sock", "precious");
    expect_refusal(path(), ERROR_INVALID, reason);
    cr_expect_str_eq(folder_read("sock"), "precious");
    cr_assert_eq(unlink(path()), 0);
    cr_assert_eq(mkdir(path(), 0755), 0);
    expect_refusal(path(), ERROR_INVALID, reason);
    cr_assert_eq(rmdir(path()), 0);
    cr_assert_eq(mkfifo(path(), 0600), 0);
    expect_refusal(path(), ERROR_INVALID, reason);
    cr_assert_eq(unlink(path()), 0);
    /* A link is not followed, wherever it leads. */
    (void)close(bind_foreign(folder_path("other"), SOCK_STREAM));
    cr_assert_eq(symlink(folder_path("other"), path()), 0);
    expect_refusal(path(), ERROR_INVALID, reason);
    cr_expect(folder_has("other"));
}

Test(unix_listener, refuses_a_path_that_cannot_be)
{
    char longest[160];
    expect_refusal(folder_path("absent/sock"), ERROR_SYSTEM, "No such file or directory");
    folder_write("file", "");
    expect_refusal(folder_path("file/sock"), ERROR_SYSTEM, "Not a directory");
    (void)snprintf(longest, sizeof longest, "%s/", folder_path(""));
    size_t length = strlen(longest);
    memset(longest + length, 'l', ENDPOINT_PATH_MAX - length);
    longest[ENDPOINT_PATH_MAX] = '\0';
    expect_refusal(longest, ERROR_FULL, "is longer than 107 bytes");
    longest[ENDPOINT_PATH_MAX - 1] = '\0';
    struct opened opened = must_open(longest);
    cr_expect(is_reached(longest));
    (void)close(opened.fd);
}

static int keep_lock(void *context)
{
    int directory = open(context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    child_demand(directory >= 0 && flock(directory, LOCK_EX) == 0);
    (void)raise(SIGSTOP);
    return 0;
}

/* Fault: another server was stopped in the middle of it. */
Test(unix_listener, does_not_wait_for_a_lock_for_ever)
{
    static char directory[200];
    (void)snprintf(directory, sizeof directory, "%s", folder_path(""));
    pid_t holder = child_start(keep_lock, directory);
    cr_assert(child_is_stopped(holder));
    leave_stale(path(), SOCK_STREAM);
    expect_refusal(path(), ERROR_BUSY, "another process keeps the lock of its directory");
    cr_expect(folder_has("sock"));
    cr_assert_eq(kill(holder, SIGCONT), 0);
    cr_expect_eq(child_wait(holder), 0);
    (void)must_open(path());
}

enum {
    CONTENDERS = 8,
    ROUNDS = 3,
    PAUSE_US = 20 * MILLISECOND_US, /* between having found a stale socket and removing it */
};

static struct {
    unsigned winners;
    unsigned losers;
    bool is_over;
} * contest;

static bool all_have_tried(void *context)
{
    (void)context;
    return __atomic_load_n(&contest->winners, __ATOMIC_SEQ_CST) +
               __atomic_load_n(&contest->losers, __ATOMIC_SEQ_CST) ==
           CONTENDERS;
}

static bool contest_is_over(void *context)
{
    (void)context;
    return __atomic_load_n(&contest->is_over, __ATOMIC_SEQ_CST);
}

static int contend(void *context)
{
    struct opened opened;
    (void)context;
    if (try_open(path(), &opened) != ERROR_NONE) {
        (void)__atomic_add_fetch(&contest->losers, 1, __ATOMIC_SEQ_CST);
        return strstr(problem.text, "in use") != NULL ? 0 : 2;
    }
    (void)__atomic_add_fetch(&contest->winners, 1, __ATOMIC_SEQ_CST);
    child_demand(patience_holds(contest_is_over, NULL));
    return file_identity_equal(identity_at(path()), opened.file) ? 0 : 3;
}

/* Of all who find the same stale socket one gets the path, and what it has got is not taken away.
 */
Test(unix_listener, is_one_servers_alone)
{
    contest = child_shared(sizeof *contest);
    pause_before_unlink_us = PAUSE_US;
    for (int round = 0; round < ROUNDS; round++) {
        pid_t children[CONTENDERS];
        memset(contest, 0, sizeof *contest);
        leave_stale(path(), SOCK_STREAM);
        for (int i = 0; i < CONTENDERS; i++)
            children[i] = child_start(contend, NULL);
        cr_assert(patience_holds(all_have_tried, NULL));
        __atomic_store_n(&contest->is_over, true, __ATOMIC_SEQ_CST);
        for (int i = 0; i < CONTENDERS; i++)
            cr_expect_eq(child_wait(children[i]), 0);
        cr_expect_eq(contest->winners, 1);
        cr_assert_eq(unlink(path()), 0);
    }
}

/* ---- Checking ---- */

static void expect_complaint(const char *where, const char *reason)
{
    problem.text[0] = '\0';
    cr_expect_neq(unix_listener_check(where, &problem), ERROR_NONE, "%s", where);
    cr_expect(strstr(problem.text, reason) != NULL, "%s: %s", where, problem.text);
}

/* Promise CLI-4 */
Test(unix_listener, is_checked_without_being_touched)
{
    cr_expect_eq(unix_listener_check(path(), &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(folder_count(), 0);
    leave_stale(path(), SOCK_STREAM);
    cr_expect_eq(unix_listener_check(path(), &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_not(is_reached(path()));
    cr_assert_eq(unlink(path()), 0);
    struct opened opened = must_open(path());
    cr_expect_eq(unix_listener_check(path(), &problem), ERROR_NONE,
                 "one that is in use is no "
                 "matter here");
    cr_expect_not(patience_readable(opened.fd, 0));
    cr_assert_eq(unlink(path()), 0);
    folder_write("sock", "");
    expect_complaint(path(), "is not a socket");
    expect_complaint(folder_path("absent/sock"), "No such file or directory");
    expect_complaint(folder_path("sock/sock"), "Not a directory");
}
