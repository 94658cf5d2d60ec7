#include "meeting.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(tls_ends, .init = meeting_begin, .fini = meeting_end);

/* Promise CON-1: who sends nothing more can still be answered. */
Test(tls_ends, tells_the_end_behind_the_last_bytes)
{
    FOR_BOTH_VERSIONS(i)
    {
        size_t size = 0;
        agree(versions[i]);
        cr_assert_eq(SSL_write(visitor.tls, sent, 20000), 20000);
        cr_assert_eq(SSL_shutdown(visitor.tls), 0);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
        cr_expect_eq(size, 20000);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_CLOSED);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_CLOSED);
        cr_expect_eq(tls_session_write(visitor.session, BYTES("answer"), &size), ERROR_NONE);
        cr_expect_eq(visitor_read(&visitor, got, sizeof got), 6);
    }
}

/* The word may come with the bytes, and the socket says nothing of it again. */
Test(tls_ends, does_not_forget_an_end_that_it_has_read_already)
{
    size_t size = 0;
    agree(TLS1_3_VERSION);
    cr_assert_eq(SSL_write(visitor.tls, sent, 16384), 16384);
    cr_assert_eq(SSL_shutdown(visitor.tls), 0);
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
    cr_expect_eq(size, 16384);
    cr_expect(tls_session_has_input(visitor.session));
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_CLOSED);
}

Test(tls_ends, takes_a_connection_that_is_shut_for_its_end)
{
    FOR_BOTH_VERSIONS(i)
    {
        size_t size = 0;
        agree(versions[i]);
        cr_assert_eq(shutdown(visitor.ends[1], SHUT_WR), 0);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_CLOSED);
    }
}

Test(tls_ends, says_once_that_nothing_more_comes)
{
    FOR_BOTH_VERSIONS(i)
    {
        agree(versions[i]);
        cr_expect_eq(tls_session_end(visitor.session), ERROR_NONE);
        cr_expect_eq(tls_session_end(visitor.session), ERROR_NONE);
        char byte = 0;
        int outcome = SSL_read(visitor.tls, &byte, 1);
        cr_expect_eq(SSL_get_error(visitor.tls, outcome), SSL_ERROR_ZERO_RETURN);
        cr_expect_eq(recv(visitor.ends[1], &byte, 1, MSG_PEEK), -1, "it has said it twice");
    }
}

/* So many records go to a client that reads none; false if one of them found no room. */
static bool fill(unsigned records)
{
    int smallest = 1;
    agree(TLS1_3_VERSION);
    (void)setsockopt(visitor.ends[0], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
    for (unsigned i = 0; i < records; i++) {
        size_t size = 0;
        if (tls_session_write(visitor.session, (struct bytes){sent, 100}, &size) != ERROR_NONE)
            return false;
    }
    return true;
}

/* Where the client takes nothing there is no room for a word either, until it does. */
Test(tls_ends, waits_with_its_word_for_room)
{
    unsigned records = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && fill(records++))
        error = tls_session_end(visitor.session);
    cr_assert_eq(error, ERROR_AGAIN, "there was always room");
    cr_expect(tls_session_wants_room(visitor.session));
    cr_expect_eq(tls_session_end(visitor.session), ERROR_AGAIN);
    size_t read = visitor_read(&visitor, got, sizeof got);
    cr_expect_eq(tls_session_end(visitor.session), ERROR_NONE);
    cr_expect_not(tls_session_wants_room(visitor.session));
    read += visitor_read(&visitor, got, sizeof got);
    cr_expect_eq(read, 100 * (records - 1));
    cr_expect_eq(SSL_get_shutdown(visitor.tls) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

Test(tls_ends, notices_a_broken_connection)
{
    FOR_BOTH_VERSIONS(i)
    {
        size_t size = 0;
        agree(versions[i]);
        (void)close(visitor.ends[1]);
        visitor.ends[1] = -1;
        errno = 0;
        cr_expect_eq(tls_session_write(visitor.session, BYTES("answer"), &size), ERROR_SYSTEM);
        cr_expect_eq(errno, EPIPE);
        cr_expect_eq(tls_session_end(visitor.session), ERROR_NONE, "nobody is there to be told");
    }
}

/* RFC 8446 5.2 */
Test(tls_ends, gives_up_a_client_whose_records_are_not_whole)
{
    FOR_BOTH_VERSIONS(i)
    {
        size_t size = 0;
        agree(versions[i]);
        cr_assert_eq(write(visitor.ends[1],
                           "\x17\x03\x03\x00\x20"
                           "0123456789abcdef0123456789abcdef",
                           37),
                     37);
        errno = 0;
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_SYSTEM);
        cr_expect_eq(errno, ECONNRESET);
    }
}

Test(tls_ends, may_be_closed_at_any_time)
{
    tls_session_close(NULL, true);
    visitor_meet(&visitor, context);
    visitor_part(&visitor);
    agree(TLS1_3_VERSION);
    tls_session_close(visitor.session, false);
    visitor.session = NULL;
    char byte = 0;
    int outcome = SSL_read(visitor.tls, &byte, 1);
    cr_expect_eq(SSL_get_error(visitor.tls, outcome), SSL_ERROR_WANT_READ, "it has said goodbye");
}
