#include "tls/tls_session.h"

#include "visitor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct visitor visitor;
static struct tls_context *context;

static char sent[1 << 20];
static char got[1 << 20];

static void begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)(i * 7 + i / 251);
    struct tls_settings settings = visitor_settings();
    context = visitor_host(&settings);
    visitor_arrive(&visitor);
}

static void end(void)
{
    visitor_leave(&visitor);
    tls_context_close(context);
}

TestSuite(tls_session, .init = begin, .fini = end);

static void set_version(int version)
{
    (void)SSL_CTX_set_min_proto_version(visitor.context, version);
    (void)SSL_CTX_set_max_proto_version(visitor.context, version);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

#define FOR_BOTH_VERSIONS(i) for (size_t i = 0; i < 2; i++)

static void agree(int version)
{
    visitor_part(&visitor);
    set_version(version);
    visitor_meet(&visitor, context);
    cr_assert_eq(visitor_shake(&visitor), ERROR_NONE);
}

static void say(const char *text)
{
    cr_assert_eq(SSL_write(visitor.tls, text, (int)strlen(text)), (int)strlen(text));
}

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

/* What the client sends from here on stays with it; gives it. */
static BIO *hold_back(void)
{
    BIO *memory = BIO_new(BIO_s_mem());
    SSL_set0_wbio(visitor.tls, memory);
    return memory;
}

/* Sends `size` bytes of what was held back, or all. */
static void let_go(BIO *memory, size_t size)
{
    char bytes[4096];
    int count = BIO_read(memory, bytes, (int)(size < sizeof bytes ? size : sizeof bytes));
    cr_assert_gt(count, 0);
    cr_assert_eq(write(visitor.ends[1], bytes, (size_t)count), count);
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

/* They have been read with the last of the handshake, and the socket says nothing of them. */
Test(tls_session, knows_of_bytes_that_came_with_the_handshake)
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

/* Promise CON-1: who sends nothing more can still be answered. */
Test(tls_session, tells_the_end_behind_the_last_bytes)
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
Test(tls_session, does_not_forget_an_end_that_it_has_read_already)
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

Test(tls_session, takes_a_connection_that_is_shut_for_its_end)
{
    FOR_BOTH_VERSIONS(i)
    {
        size_t size = 0;
        agree(versions[i]);
        cr_assert_eq(shutdown(visitor.ends[1], SHUT_WR), 0);
        cr_expect_eq(tls_session_read(visitor.session, got, sizeof got, &size), ERROR_CLOSED);
    }
}

Test(tls_session, says_once_that_nothing_more_comes)
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
Test(tls_session, waits_with_its_word_for_room)
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

Test(tls_session, notices_a_broken_connection)
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
Test(tls_session, gives_up_a_client_whose_records_are_not_whole)
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

/* Everything that is no handshake ends it; parts of one are waited for. */
Test(tls_session, agrees_with_nobody_who_does_not_speak_tls)
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
Test(tls_session, reads_a_hello_however_it_comes)
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
Test(tls_session, lets_a_client_take_its_leave_within_the_handshake)
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

Test(tls_session, knows_the_name_that_was_asked_for)
{
    visitor_meet(&visitor, context);
    (void)SSL_set_tlsext_host_name(visitor.tls, "www.example.org");
    cr_assert_eq(visitor_shake(&visitor), ERROR_NONE);
    cr_expect_str_eq(tls_session_server_name(visitor.session), "www.example.org");
}

Test(tls_session, may_be_closed_at_any_time)
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
