#include "meeting.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

TestSuite(tls_session, .init = meeting_begin, .fini = meeting_end);

/* Promise LSN-3 */
Test(tls_session, moves_bytes_both_ways)
{
    FOR_BOTH_VERSIONS(i)
    {
        size_t size = 0;
        agree(versions[i]);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_AGAIN);
        cr_expect_not(tls_session_wants_room(visitor.session));
        say("hello");
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
        cr_expect_eq(size, 5);
        cr_expect_arr_eq(got, "hello", 5);
        cr_expect_eq(tls_session_write(visitor.session, BYTES("and you"), &size), ERROR_NONE);
        cr_expect_eq(size, 7);
        cr_expect_eq(visitor_read(&visitor, got, sizeof got), 7);
        cr_expect_arr_eq(got, "and you", 7);
        cr_expect_str_eq(tls_session_version(visitor.session), i == 0 ? "TLSv1.2" : "TLSv1.3");
        cr_expect_str_eq(tls_session_cipher(visitor.session), SSL_get_cipher_name(visitor.tls));
        cr_expect_null(tls_session_server_name(visitor.session));
        cr_expect_not(tls_session_client_subject(visitor.session, got, sizeof got));
    }
}

/* What one record holds and the reader has no room for waits, though the socket has no more. */
Test(tls_session, knows_what_it_still_holds)
{
    size_t size = 0;
    agree(TLS1_3_VERSION);
    say("hello world");
    cr_expect_not(tls_session_has_input(visitor.session));
    cr_expect_eq(tls_session_read(visitor.session, got, 5, &size), ERROR_NONE);
    cr_expect_eq(size, 5);
    cr_expect(tls_session_has_input(visitor.session));
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
    cr_expect_eq(size, 6);
    cr_expect_not(tls_session_has_input(visitor.session));
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_AGAIN);
}

Test(tls_session, takes_what_has_come_together)
{
    size_t size = 0;
    agree(TLS1_3_VERSION);
    say("some");
    say("more");
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
    cr_expect_eq(size, 8);
    cr_expect_not(tls_session_has_input(visitor.session));
}

/* So that others have their turn. */
Test(tls_session, leaves_the_rest_of_many_small_records_for_later)
{
    size_t total = 0;
    size_t size = 0;
    unsigned reads = 0;
    agree(TLS1_3_VERSION);
    for (int i = 0; i < 200; i++)
        say("x");
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
    cr_expect_lt(size, 100);
    cr_expect(tls_session_has_input(visitor.session));
    for (total = size; tls_session_has_input(visitor.session) && reads < 10; total += size, reads++)
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
    cr_expect_eq(total, 200);
}

/* A part of a record is nothing that could be read: who took it for that would ask for ever. */
Test(tls_session, waits_for_the_rest_of_a_record)
{
    FOR_BOTH_VERSIONS(i)
    {
        size_t size = 0;
        agree(versions[i]);
        BIO *memory = hold_back();
        say("first");
        size_t whole = (size_t)BIO_pending(memory);
        say("second");
        let_go(memory, whole + 7);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
        cr_expect_eq(size, 5);
        cr_expect_not(tls_session_has_input(visitor.session));
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_AGAIN);
        let_go(memory, sizeof got);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
        cr_expect_eq(size, 6);
    }
}

Test(tls_session, takes_several_large_records_at_once)
{
    size_t size = 0;
    agree(TLS1_3_VERSION);
    cr_assert_eq(SSL_write(visitor.tls, sent, 65536), 65536);
    cr_expect_eq(tls_session_read(visitor.session, got, 65536, &size), ERROR_NONE);
    cr_expect_eq(size, 65536);
    cr_expect_arr_eq(got, sent, 65536);
}

/* What the client does not take is written again, with more behind it. */
Test(tls_session, writes_on_where_it_stopped)
{
    FOR_BOTH_VERSIONS(i)
    {
        agree(versions[i]);
        size_t written = 0;
        size_t read = 0;
        unsigned stops = 0;
        size_t step = 50000;
        while (read < sizeof sent) {
            size_t size = 0;
            size_t most = sizeof sent - written < step ? sizeof sent - written : step;
            enum error error = written == sizeof sent
                                   ? ERROR_AGAIN
                                   : tls_session_write(visitor.session,
                                                       (struct bytes){sent + written, most}, &size);
            written += size;
            if (error == ERROR_AGAIN) {
                stops += written < sizeof sent;
                cr_expect(written == sizeof sent || tls_session_wants_room(visitor.session));
                read += visitor_read(&visitor, got + read, sizeof got - read);
                step += 1000; /* more behind the same bytes */
            } else {
                cr_assert_eq(error, ERROR_NONE);
            }
        }
        cr_expect_gt(stops, 0, "the client took everything at once");
        cr_expect_arr_eq(got, sent, sizeof sent);
    }
}

static int make_file(size_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, sent, size), (ssize_t)size);
    return fd;
}

/* Promise APP-3 */
Test(tls_session, sends_a_part_of_a_file)
{
    int fd = make_file(sizeof sent);
    agree(TLS1_3_VERSION);
    uint64_t offset = 1000;
    size_t read = 0;
    unsigned stops = 0;
    while (read < sizeof sent - 1000) {
        size_t size = 0;
        size_t left = (size_t)(sizeof sent - offset);
        enum error error = left == 0
                               ? ERROR_AGAIN
                               : tls_session_send_file(visitor.session, fd, offset, left, &size);
        offset += size;
        if (error != ERROR_AGAIN) {
            cr_assert_eq(error, ERROR_NONE);
            continue;
        }
        stops++;
        read += visitor_read(&visitor, got + read, sizeof got - read);
    }
    cr_expect_gt(stops, 1);
    cr_expect_arr_eq(got, sent + 1000, sizeof sent - 1000);
    (void)close(fd);
}

Test(tls_session, tells_where_a_file_ends_or_cannot_be_read)
{
    size_t size = 0;
    int fd = make_file(100);
    agree(TLS1_3_VERSION);
    cr_expect_eq(tls_session_send_file(visitor.session, fd, 50, 100, &size), ERROR_NONE);
    cr_expect_eq(size, 50);
    cr_expect_eq(tls_session_send_file(visitor.session, fd, 100, 1, &size), ERROR_CLOSED);
    errno = 0;
    cr_expect_eq(tls_session_send_file(visitor.session, -1, 0, 1, &size), ERROR_SYSTEM);
    cr_expect_eq(errno, EBADF);
    (void)close(fd);
}

/* RFC 8446 4.6.3: the answer to a client that changes its keys goes out with the next bytes. */
Test(tls_session, follows_a_change_of_keys)
{
    size_t size = 0;
    agree(TLS1_3_VERSION);
    cr_assert_eq(SSL_key_update(visitor.tls, SSL_KEY_UPDATE_REQUESTED), 1);
    say("hello");
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
    cr_expect_eq(size, 5);
    cr_expect_eq(tls_session_write(visitor.session, BYTES("again"), &size), ERROR_NONE);
    cr_expect_eq(visitor_read(&visitor, got, sizeof got), 5);
}

static void change_keys(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        cr_assert_eq(SSL_key_update(visitor.tls, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        cr_assert_eq(SSL_do_handshake(visitor.tls), 1);
    }
}

/* Each change costs the server as much as the client, and comes before anybody else's bytes. */
Test(tls_session, gives_up_a_client_that_only_changes_its_keys)
{
    size_t size = 0;
    enum error error = ERROR_NONE;
    agree(TLS1_3_VERSION);
    for (int i = 0; i < 10 && error != ERROR_SYSTEM; i++) {
        change_keys(20);
        error = tls_session_read(visitor.session, got, sizeof got, &size);
        cr_expect_neq(error, ERROR_NONE);
    }
    cr_expect_eq(error, ERROR_SYSTEM);
    cr_expect_eq(errno, ECONNRESET);
}

Test(tls_session, follows_a_client_that_changes_its_keys_and_says_something)
{
    size_t size = 0;
    agree(TLS1_3_VERSION);
    for (int i = 0; i < 20; i++) {
        change_keys(20);
        say("hello");
        cr_assert_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
        cr_expect_eq(size, 5);
    }
}
