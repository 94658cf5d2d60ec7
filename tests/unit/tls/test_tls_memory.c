/* Without memory the library fails wherever it asks for some: whatever was begun is undone, and
 * nobody is harmed. */
#include "tls/tls_context.h"

#include "kit/folder.h"
#include "paper.h"
#include "visitor.h"

#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    CALLS_MAX = 20000,
    STEP = 7 /* not every call, but others each time the library changes */
};

/* How many calls are good yet; negative: all. */
static long left = -1;
static bool has_struck;

static bool fails(void)
{
    if (left < 0)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    has_struck = true;
    return true;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : malloc(size);
}

static void *take_again(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : realloc(memory, size);
}

static void give(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

static bool is_in_place;

/* Before main(): Criterion uses the library, too, and it takes no other memory afterwards. */
__attribute__((constructor)) static void put_in_place(void)
{
    is_in_place = CRYPTO_set_mem_functions(take, take_again, give) == 1;
}

static void begin(void)
{
    cr_assert(is_in_place);
    folder_open();
}

TestSuite(tls_memory, .init = begin, .fini = folder_close);

static struct visitor visitor;

/* What the library makes once for the whole process is made before. */
static void warm_up(const struct tls_settings *settings)
{
    struct tls_context *context = visitor_host(settings);
    visitor_arrive(&visitor);
    visitor_meet(&visitor, context);
    cr_assert_eq(visitor_shake(&visitor), ERROR_NONE);
    visitor_leave(&visitor);
    tls_context_close(context);
}

static void sweep_opening(const struct tls_settings *settings)
{
    warm_up(settings);
    long at = 0;
    for (has_struck = true; has_struck && at < CALLS_MAX; at += STEP) {
        struct problem problem = {.text = ""};
        struct tls_context *context = NULL;
        has_struck = false;
        left = at;
        enum error error = tls_context_open(settings, &context, &problem);
        left = -1;
        cr_expect_eq(error == ERROR_NONE, context != NULL);
        cr_expect(error == ERROR_NONE || problem.text[0] != '\0', "call %ld says nothing", at);
        cr_expect(has_struck || error == ERROR_NONE, "%s", problem.text);
        tls_context_close(context);
    }
    cr_expect_gt(at, 2 * STEP);
    cr_expect_lt(at, CALLS_MAX);
}

/* Promise LSN-4 */
Test(tls_memory, may_lack_where_a_certificate_is_made)
{
    struct tls_settings settings = visitor_settings();
    sweep_opening(&settings);
}

/* Promise LSN-3 */
Test(tls_memory, may_lack_where_files_are_read)
{
    paper_make(&(struct paper){.name = "good"});
    paper_make(&(struct paper){.name = "ca", .is_ca = true});
    struct tls_settings settings = visitor_settings();
    settings.ca = paper_certificate("ca");
    settings.verify = 1;
    settings.certificate_count = 1;
    settings.certificates[0] =
        (struct tls_certificate){"", paper_certificate("good"), paper_key("good")};
    sweep_opening(&settings);
}

/* A session from its beginning to its end; it fails in the server alone. */
static void converse(struct tls_context *context, long at)
{
    size_t size = 0;
    char byte = 0;
    enum error error = ERROR_AGAIN;
    visitor_arrive(&visitor);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, visitor.ends),
                 0);
    visitor.tls = SSL_new(visitor.context);
    (void)SSL_set_fd(visitor.tls, visitor.ends[1]);
    SSL_set_connect_state(visitor.tls);
    left = at;
    if (tls_session_open(context, visitor.ends[0], &visitor.session) != ERROR_NONE) {
        left = -1;
        visitor_leave(&visitor);
        return;
    }
    for (int i = 0; i < 10 && error == ERROR_AGAIN; i++) {
        long kept = left;
        left = -1;
        (void)SSL_do_handshake(visitor.tls);
        left = kept;
        error = tls_session_shake(visitor.session);
    }
    if (error == ERROR_NONE) {
        (void)!tls_session_write(visitor.session, BYTES("x"), &size);
        (void)!tls_session_read(visitor.session, &byte, 1, &size);
        (void)tls_session_end(visitor.session);
    }
    left = -1;
    cr_expect(has_struck || error == ERROR_NONE);
    visitor_leave(&visitor);
}

Test(tls_memory, may_lack_in_a_session)
{
    struct tls_settings settings = visitor_settings();
    struct problem problem;
    struct tls_tickets *tickets = NULL;
    cr_assert_eq(tls_tickets_open(-1, &tickets, &problem), ERROR_NONE);
    struct tls_context *context = visitor_host(&settings);
    cr_assert_eq(tls_context_share_tickets(context, tickets), ERROR_NONE);
    has_struck = false;
    converse(context, -1);
    long at = 0;
    for (has_struck = true; has_struck && at < CALLS_MAX; at += STEP) {
        has_struck = false;
        converse(context, at);
    }
    cr_expect_gt(at, 2 * STEP);
    cr_expect_lt(at, CALLS_MAX);
    tls_context_close(context);
    tls_tickets_close(tickets);
}
