#include "tls/tls_tickets.h"

#include "kit/folder.h"
#include "paper.h"
#include "sys/clock.h"
#include "visitor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The time is what the test says. */
static int64_t now_us;

int64_t __wrap_clock_unix_us(void);

int64_t __wrap_clock_unix_us(void)
{
    return now_us;
}

static struct visitor visitor;

static void begin(void)
{
    folder_open();
    now_us = 1700000000 * SECOND_US;
    visitor_arrive(&visitor);
    (void)SSL_CTX_set_session_cache_mode(visitor.context, SSL_SESS_CACHE_CLIENT);
}

static void end(void)
{
    visitor_leave(&visitor);
    folder_close();
}

TestSuite(tls_tickets, .init = begin, .fini = end);

static struct tls_tickets *tickets_of(int heritage)
{
    struct problem problem;
    struct tls_tickets *tickets = NULL;
    cr_assert_eq(tls_tickets_open(heritage, &tickets, &problem), ERROR_NONE, "%s", problem.text);
    return tickets;
}

static struct tls_context *host_with(const struct tls_settings *settings,
                                     struct tls_tickets *tickets)
{
    struct tls_context *context = visitor_host(settings);
    cr_assert_eq(tls_context_share_tickets(context, tickets), ERROR_NONE);
    return context;
}

/* What the next process would get. */
static int heritage_of(const struct tls_tickets *tickets)
{
    return fcntl(tls_tickets_fd(tickets), F_DUPFD_CLOEXEC, 3);
}

/* A visit with the session of an earlier one, which is freed; NULL: without. Gives the new session,
 * and whether the old one was known. */
static SSL_SESSION *visit(const struct tls_context *context, SSL_SESSION *session, bool *ret_known)
{
    size_t size = 0;
    char byte = 0;
    visitor_meet(&visitor, context);
    if (session != NULL)
        cr_assert_eq(SSL_set_session(visitor.tls, session), 1);
    enum error error = visitor_shake(&visitor);
    *ret_known = error == ERROR_NONE && SSL_session_reused(visitor.tls) == 1;
    if (error == ERROR_NONE)
        cr_assert_eq(tls_session_write(visitor.session, BYTES("x"), &size), ERROR_NONE);
    cr_assert_eq(visitor_read(&visitor, &byte, 1), error == ERROR_NONE);
    SSL_SESSION *next = SSL_get1_session(visitor.tls);
    (void)SSL_shutdown(visitor.tls); /* without a word the library gives its session up */
    visitor_part(&visitor);
    SSL_SESSION_free(session);
    return next;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void set_version(int version)
{
    (void)SSL_CTX_set_min_proto_version(visitor.context, version);
    (void)SSL_CTX_set_max_proto_version(visitor.context, version);
}

/* Promise UPG-3: contexts that share nothing but the sealed memory. */
Test(tls_tickets, are_known_wherever_their_memory_is)
{
    struct tls_settings settings = visitor_settings();
    struct tls_tickets *first = tickets_of(-1);
    struct tls_tickets *second = tickets_of(heritage_of(first));
    struct tls_context *here = host_with(&settings, first);
    struct tls_context *there = host_with(&settings, second);
    for (size_t i = 0; i < 2; i++) {
        bool is_known = true;
        set_version(versions[i]);
        SSL_SESSION *session = visit(here, NULL, &is_known);
        cr_expect_not(is_known);
        session = visit(there, session, &is_known);
        cr_expect(is_known);
        session = visit(here, session, &is_known);
        cr_expect(is_known);
        SSL_SESSION_free(session);
    }
    tls_context_close(here);
    tls_context_close(there);
    tls_tickets_close(first);
    tls_tickets_close(second);
}

static unsigned given;

static int count_session(SSL *session, SSL_SESSION *given_session)
{
    (void)session;
    (void)given_session;
    given++;
    return 0;
}

/* Each one costs a packet. */
Test(tls_tickets, are_given_one_for_each_handshake)
{
    struct tls_settings settings = visitor_settings();
    struct tls_tickets *tickets = tickets_of(-1);
    struct tls_context *context = host_with(&settings, tickets);
    (void)SSL_CTX_set_session_cache_mode(visitor.context, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(visitor.context, count_session);
    for (size_t i = 0; i < 2; i++) {
        bool is_known = false;
        set_version(versions[i]);
        given = 0;
        SSL_SESSION *session = visit(context, NULL, &is_known);
        cr_expect_eq(given, 1);
        session = visit(context, session, &is_known);
        cr_expect(is_known);
        cr_expect_eq(given, versions[i] == TLS1_3_VERSION ? 2 : 1, "a known one of TLS 1.2 lasts");
        SSL_SESSION_free(session);
    }
    tls_context_close(context);
    tls_tickets_close(tickets);
}

Test(tls_tickets, are_unknown_to_strangers)
{
    struct tls_settings settings = visitor_settings();
    struct tls_tickets *first = tickets_of(-1);
    struct tls_tickets *second = tickets_of(-1);
    struct tls_context *here = host_with(&settings, first);
    struct tls_context *there = host_with(&settings, second);
    struct tls_context *without = visitor_host(&settings);
    for (size_t i = 0; i < 2; i++) {
        bool is_known = true;
        set_version(versions[i]);
        SSL_SESSION *session = visit(here, NULL, &is_known);
        session = visit(there, session, &is_known);
        cr_expect_not(is_known);
        session = visit(without, session, &is_known);
        cr_expect_not(is_known);
        session = visit(without, session, &is_known);
        cr_expect_not(is_known, "sessions are kept without tickets");
        SSL_SESSION_free(session);
    }
    tls_context_close(here);
    tls_context_close(there);
    tls_context_close(without);
    tls_tickets_close(first);
    tls_tickets_close(second);
}

/* A key that is stolen today does not open what was said the day before yesterday. */
Test(tls_tickets, are_of_a_key_that_changes)
{
    static const struct {
        int64_t later_us;
        bool is_known;
    } table[] = {
        {0, true},
        {TLS_TICKETS_PERIOD_US - SECOND_US, true},
        {TLS_TICKETS_PERIOD_US, true},
        {2 * TLS_TICKETS_PERIOD_US, false},
        {10 * TLS_TICKETS_PERIOD_US, false},
        {-TLS_TICKETS_PERIOD_US, false},
    };
    struct tls_settings settings = visitor_settings();
    struct tls_tickets *tickets = tickets_of(-1);
    struct tls_context *context = host_with(&settings, tickets);
    for (size_t i = 0; i < 2; i++)
        for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
            bool is_known = true;
            int64_t begin_us = 100 * TLS_TICKETS_PERIOD_US;
            set_version(versions[i]);
            now_us = begin_us;
            SSL_SESSION *session = visit(context, NULL, &is_known);
            now_us = begin_us + table[row].later_us;
            session = visit(context, session, &is_known);
            cr_expect_eq(is_known, table[row].is_known, "row %zu", row);
            session = visit(context, session, &is_known);
            cr_expect(is_known, "it was not renewed in row %zu", row);
            SSL_SESSION_free(session);
        }
    tls_context_close(context);
    tls_tickets_close(tickets);
}

/* Who comes again in each period is known for ever. */
Test(tls_tickets, are_replaced_while_they_are_known)
{
    struct tls_settings settings = visitor_settings();
    struct tls_tickets *tickets = tickets_of(-1);
    struct tls_context *context = host_with(&settings, tickets);
    for (size_t i = 0; i < 2; i++) {
        bool is_known = false;
        set_version(versions[i]);
        SSL_SESSION *session = visit(context, NULL, &is_known);
        for (int period = 1; period < 5; period++) {
            now_us += TLS_TICKETS_PERIOD_US;
            session = visit(context, session, &is_known);
            cr_expect(is_known, "period %d", period);
        }
        SSL_SESSION_free(session);
    }
    tls_context_close(context);
    tls_tickets_close(tickets);
}

static ino_t inode_of(int fd)
{
    struct stat status;
    cr_assert_eq(fstat(fd, &status), 0);
    return status.st_ino;
}

Test(tls_tickets, begin_anew_when_their_secret_is_old)
{
    static const struct {
        int64_t later_us;
        bool is_kept;
    } table[] = {
        {0, true},
        {TLS_TICKETS_AGE_MAX_US - 1, true},
        {TLS_TICKETS_AGE_MAX_US, false},
        {-1, false},
    };
    struct tls_tickets *first = tickets_of(-1);
    int64_t begin_us = now_us;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int heritage = heritage_of(first);
        ino_t inode = inode_of(heritage);
        now_us = begin_us + table[i].later_us;
        struct tls_tickets *second = tickets_of(heritage);
        cr_expect_eq(inode_of(tls_tickets_fd(second)) == inode, table[i].is_kept, "row %zu", i);
        tls_tickets_close(second);
        cr_expect_eq(fcntl(heritage, F_GETFD), -1);
    }
    tls_tickets_close(first);
}

/* Nobody can put a key of his own into the hands of a server. */
Test(tls_tickets, are_in_memory_that_nobody_can_change)
{
    struct tls_tickets *tickets = tickets_of(-1);
    int fd = tls_tickets_fd(tickets);
    cr_expect_eq(write(fd, "x", 1), -1);
    cr_expect_eq(errno, EPERM);
    cr_expect_eq(ftruncate(fd, 0), -1);
    cr_expect_eq(mmap(NULL, 80, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);

    char copy[200];
    ssize_t size = pread(fd, copy, sizeof copy, 0);
    cr_assert_eq(size, 80);
    int unsealed = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    cr_assert_eq(write(unsealed, copy, 80), 80);
    int short_one = memfd_create("short", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    cr_assert_eq(write(short_one, copy, 79), 79);
    int strange = memfd_create("strange", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    copy[0] ^= 1;
    cr_assert_eq(write(strange, copy, 80), 80);
    int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    cr_assert_eq(fcntl(short_one, F_ADD_SEALS, seals), 0);
    cr_assert_eq(fcntl(strange, F_ADD_SEALS, seals), 0);
    int bad[] = {unsealed, short_one, strange, open("/dev/null", O_RDWR | O_CLOEXEC)};
    for (size_t i = 0; i < 4; i++) {
        ino_t inode = inode_of(bad[i]);
        struct tls_tickets *other = tickets_of(bad[i]);
        cr_expect_neq(inode_of(tls_tickets_fd(other)), inode, "row %zu", i);
        tls_tickets_close(other);
    }
    tls_tickets_close(tickets);
}

Test(tls_tickets, need_their_memory_no_more_once_they_are_read)
{
    bool is_known = false;
    struct tls_settings settings = visitor_settings();
    struct tls_tickets *tickets = tickets_of(-1);
    struct tls_context *context = host_with(&settings, tickets);
    tls_tickets_close_fd(tickets);
    tls_tickets_close_fd(tickets);
    cr_expect_eq(tls_tickets_fd(tickets), -1);
    SSL_SESSION *session = visit(context, NULL, &is_known);
    session = visit(context, session, &is_known);
    cr_expect(is_known);
    SSL_SESSION_free(session);
    tls_context_close(context);
    tls_tickets_close(tickets);
    tls_tickets_close(NULL);
    tls_tickets_close_fd(NULL);
}

/* Who was let in without a certificate, or under another authority, is asked anew. */
Test(tls_tickets, open_no_door_that_asks_for_more)
{
    paper_make(&(struct paper){.name = "ca", .is_ca = true});
    paper_make(&(struct paper){.name = "other", .is_ca = true});
    static const struct {
        const char *ca;
        int verify;
    } doors[] = {{NULL, -1}, {"ca", 0}, {"ca", 1}, {"other", 0}, {"other", 1}};
    struct tls_tickets *tickets = tickets_of(-1);
    struct tls_context *contexts[5];
    for (size_t i = 0; i < 5; i++) {
        struct tls_settings settings = visitor_settings();
        settings.ca = doors[i].ca == NULL ? "" : paper_certificate(doors[i].ca);
        settings.verify = doors[i].verify;
        contexts[i] = host_with(&settings, tickets);
    }
    for (size_t version = 0; version < 2; version++)
        for (size_t from = 0; from < 5; from++)
            for (size_t to = 0; to < 5; to++) {
                bool is_known = false;
                set_version(versions[version]);
                SSL_SESSION *session = visit(contexts[from], NULL, &is_known);
                session = visit(contexts[to], session, &is_known);
                cr_expect_eq(is_known, from == to, "from %zu to %zu", from, to);
                SSL_SESSION_free(session);
            }
    for (size_t i = 0; i < 5; i++)
        tls_context_close(contexts[i]);
    tls_tickets_close(tickets);
}
