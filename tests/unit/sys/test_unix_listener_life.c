/* UNIX domain sockets: how they are taken over, and how they end (promise LSN-2). */
#include "sys/unix_listener.h"

#include "kit/folder.h"

#include "unix_paths.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct file_identity no_file;

TestSuite(unix_listener_life, .init = begin, .fini = folder_close);

/* ---- Inheriting ---- */

/* Promises LSN-5, UPG-1 */
Test(unix_listener_life, is_taken_from_who_had_it)
{
    int foreign = bind_foreign(path(), SOCK_STREAM);
    int client = connect_to(path());
    heritage.fds[heritage.count++] = -1;
    heritage.fds[heritage.count++] = bind_foreign(folder_path("other"), SOCK_STREAM);
    heritage.fds[heritage.count++] = socket(AF_INET, SOCK_STREAM, 0);
    heritage.fds[heritage.count++] = foreign;
    struct opened opened = must_open(path());
    cr_expect_eq(opened.fd, foreign);
    cr_expect(file_identity_equal(opened.file, no_file), "somebody else has made the file");
    cr_expect_eq(heritage.fds[3], -1);
    cr_expect_geq(heritage.fds[1], 0);
    cr_expect(fcntl(foreign, F_GETFL) & O_NONBLOCK);
    cr_expect_geq(accept4(foreign, NULL, NULL, SOCK_CLOEXEC), 0, "with those who wait");
    (void)close(client);
}

/* Promise LSN-2: the file is handed over with it. */
Test(unix_listener_life, is_taken_from_its_predecessor_with_its_file)
{
    struct opened before = must_open(path());
    heritage.files[heritage.count] = before.file;
    heritage.fds[heritage.count++] = before.fd;
    struct opened opened = must_open(path());
    cr_expect_eq(opened.fd, before.fd);
    cr_expect(file_identity_equal(opened.file, before.file));
}

/* Who has lost its path is not found any more: the next generation makes it anew. */
Test(unix_listener_life, is_not_taken_if_its_path_is_lost)
{
    struct opened before = must_open(path());
    heritage.files[heritage.count] = before.file;
    heritage.fds[heritage.count++] = before.fd;
    cr_assert_eq(unlink(path()), 0);
    int foreign = bind_foreign(path(), SOCK_STREAM);
    expect_refusal(path(), ERROR_BUSY, "Address already in use");
    (void)close(foreign);
    struct opened opened = must_open(path());
    cr_expect_neq(opened.fd, before.fd);
    cr_expect_not(file_identity_equal(opened.file, before.file));
    cr_expect_eq(heritage.fds[0], before.fd);
    cr_expect(is_reached(path()));
}

Test(unix_listener_life, is_not_taken_if_it_does_not_listen)
{
    heritage.fds[heritage.count++] = bind_foreign(path(), SOCK_DGRAM);
    expect_refusal(path(), ERROR_BUSY, "Address already in use");
    cr_expect_geq(heritage.fds[0], 0);
}

Test(unix_listener_life, is_not_taken_for_the_beginning_of_its_path)
{
    heritage.fds[heritage.count++] = bind_foreign(folder_path("sock1"), SOCK_STREAM);
    struct opened opened = must_open(path());
    cr_expect_neq(opened.fd, heritage.fds[0]);
    cr_expect_geq(heritage.fds[0], 0);
}

/* ---- The end ---- */

Test(unix_listener_life, goes_with_the_last_who_holds_it)
{
    struct opened opened = must_open(path());
    int heir = dup(opened.fd);
    (void)close(opened.fd);
    unix_listener_remove(path(), opened.file);
    cr_expect(is_reached(path()), "the next generation serves");
    (void)close(heir);
    unix_listener_remove(path(), opened.file);
    cr_expect_eq(folder_count(), 0);
    unix_listener_remove(path(), opened.file);
}

/* Promise UPG-5: a generation that fails before it serves, with a process that it has forked. */
Test(unix_listener_life, is_taken_back_whoever_holds_it)
{
    struct opened opened = must_open(path());
    int forgotten = dup(opened.fd);
    (void)close(opened.fd);
    unix_listener_remove(path(), opened.file);
    cr_expect(folder_has("sock"));
    unix_listener_withdraw(path(), opened.file);
    cr_expect_not(folder_has("sock"));
    int other = bind_foreign(path(), SOCK_STREAM);
    unix_listener_withdraw(path(), opened.file);
    cr_expect(folder_has("sock"), "another server's");
    (void)close(other);
    (void)close(forgotten);
}

Test(unix_listener_life, stays_if_it_is_not_the_same_any_more)
{
    struct opened opened = must_open(path());
    /* As long as it is held its number is nobody else's. */
    cr_assert_eq(rename(path(), folder_path("kept")), 0);
    leave_stale(path(), SOCK_STREAM);
    unix_listener_set_mode(path(), opened.file, 0600);
    cr_expect_neq(mode_of(path()), 0600);
    (void)close(opened.fd);
    unix_listener_remove(path(), opened.file);
    cr_expect(folder_has("sock"), "another server's");
    cr_assert_eq(unlink(path()), 0);
    folder_write("sock", "a file");
    unix_listener_remove(path(), opened.file);
    unix_listener_set_mode(path(), opened.file, 0600);
    cr_expect_str_eq(folder_read("sock"), "a file");
    cr_expect_neq(mode_of(path()), 0600);
    cr_assert_eq(unlink(path()), 0);
    cr_assert_eq(symlink(folder_path("kept"), path()), 0);
    unix_listener_remove(path(), opened.file);
    cr_expect(folder_has("sock"), "a link to it is not it");
    cr_expect(folder_has("kept"));
}

/* Promise CFG-9 */
Test(unix_listener_life, gets_other_permissions)
{
    struct opened opened = must_open(path());
    unix_listener_set_mode(path(), opened.file, 0604);
    cr_expect_eq(mode_of(path()), 0604);
    cr_assert_eq(link(path(), folder_path("other")), 0);
    unix_listener_set_mode(path(), opened.file, 0666);
    cr_expect_eq(mode_of(path()), 0604, "somebody has given it another name");
}
