#include "meeting.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(tls_handshake, .init = meeting_begin, .fini = meeting_end);

/* Everything that is no handshake ends it; parts of one are waited for. */
Test(tls_handshake, agrees_with_nobody_who_does_not_speak_tls)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum error error;
    } table[] = {
        {"", 0, ERROR_AGAIN},
        {"\x16\x03\x01", 3, ERROR_AGAIN},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03xxxx", 15, ERROR_AGAIN},
        {"GET / HTTP/1.1\r\n\r\n", 18, ERROR_SYSTEM},
        {"\x16\x03\x01\x00\x05\x63\x00\x00\x01\x03", 10, ERROR_SYSTEM},
        {"\x15\x03\x01\x00\x02\x02\x28", 7, ERROR_SYSTEM},
        {"\0\0\0\0\0\0\0\0\0\0\0\0", 12, ERROR_SYSTEM},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, ERROR_SYSTEM},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        visitor_part(&visitor);
        visitor_meet(&visitor, context);
        cr_assert_eq(write(visitor.ends[1], table[i].bytes, table[i].size), (ssize_t)table[i].size);
        cr_expect_eq(tls_session_shake(visitor.session), table[i].error, "row %zu", i);
        cr_expect_eq(tls_session_end(visitor.session), ERROR_NONE);
    }
}

/* A hello of a real client, kept in a buffer of its own. */
static size_t hello(char *bytes, size_t capacity)
{
    BIO *out = BIO_new(BIO_s_mem());
    BIO *in = BIO_new(BIO_s_mem());
    SSL *client = SSL_new(visitor.context);
    SSL_set_bio(client, in, out);
    SSL_set_connect_state(client);
    (void)SSL_do_handshake(client);
    int size = BIO_read(out, bytes, (int)capacity);
    SSL_free(client);
    cr_assert_gt(size, 100);
    return (size_t)size;
}

/* Byte by byte, and with each byte changed: it never hangs on to more than it was given. */
Test(tls_handshake, reads_a_hello_however_it_comes)
{
    static char bytes[4096];
    size_t size = hello(bytes, sizeof bytes);
    visitor_meet(&visitor, context);
    for (size_t i = 0; i < size; i++) {
        cr_assert_eq(write(visitor.ends[1], bytes + i, 1), 1);
        cr_expect_eq(tls_session_shake(visitor.session), ERROR_AGAIN, "byte %zu", i);
    }
    cr_expect_gt(recv(visitor.ends[1], got, sizeof got, 0), 100, "there is no answer");
    for (size_t i = 0; i < size; i++) {
        visitor_part(&visitor);
        visitor_meet(&visitor, context);
        bytes[i] = (char)(bytes[i] ^ 0x40);
        cr_assert_eq(write(visitor.ends[1], bytes, size), (ssize_t)size);
        enum error error = tls_session_shake(visitor.session);
        cr_expect(error == ERROR_AGAIN || error == ERROR_SYSTEM, "byte %zu", i);
        bytes[i] = (char)(bytes[i] ^ 0x40);
    }
}

/* RFC 8446 6.1: a hello, and then not even the rest of a handshake. */
Test(tls_handshake, lets_a_client_take_its_leave_within_the_handshake)
{
    static const char goodbye[] = "\x15\x03\x03\x00\x02\x01";
    FOR_BOTH_VERSIONS(i)
    {
        static char bytes[4096];
        visitor_part(&visitor);
        set_version(versions[i]);
        size_t size = hello(bytes, sizeof bytes);
        visitor_meet(&visitor, context);
        cr_assert_eq(write(visitor.ends[1], bytes, size), (ssize_t)size);
        cr_expect_eq(tls_session_shake(visitor.session), ERROR_AGAIN);
        cr_assert_eq(write(visitor.ends[1], goodbye, sizeof goodbye), (ssize_t)sizeof goodbye);
        cr_expect_eq(tls_session_shake(visitor.session), ERROR_CLOSED, "version %zu", i);
    }
}

/* They have been read with the last of the handshake, and the socket says nothing of them. */
Test(tls_handshake, knows_of_bytes_that_came_with_the_handshake)
{
    size_t size = 0;
    visitor_part(&visitor);
    set_version(TLS1_3_VERSION);
    visitor_meet(&visitor, context);
    cr_assert_eq(SSL_do_handshake(visitor.tls), -1);
    cr_assert_eq(tls_session_shake(visitor.session), ERROR_AGAIN);
    BIO *memory = hold_back();
    cr_assert_eq(SSL_do_handshake(visitor.tls), 1);
    say("hello");
    let_go(memory, sizeof got);
    cr_expect_eq(tls_session_shake(visitor.session), ERROR_NONE);
    cr_expect(tls_session_has_input(visitor.session));
    cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_NONE);
    cr_expect_eq(size, 5);
}

Test(tls_handshake, knows_the_name_that_was_asked_for)
{
    visitor_meet(&visitor, context);
    (void)SSL_set_tlsext_host_name(visitor.tls, "www.example.org");
    cr_assert_eq(visitor_shake(&visitor), ERROR_NONE);
    cr_expect_str_eq(tls_session_server_name(visitor.session), "www.example.org");
}
