/* Every call of a context, of the keys of its tickets and of a session fails in turn: whatever was
 * begun is undone, and what can be done without is. */
#include "tls/tls_tickets.h"
#include "visitor.h"

#include "kit/folder.h"
#include "kit/sweep.h"

#include <criterion/criterion.h>

#include <sys/socket.h>
#include <unistd.h>

enum {
    NEVER = 0,
    BOTH = FAULTY_ONCE | FAULTY_FROM_THEN_ON,
};

static struct tls_context *context;

static void begin(void)
{
    struct tls_settings settings = visitor_settings();
    folder_open();
    /* What the library makes once for the whole process is made before. */
    context = visitor_host(&settings);
}

static void end(void)
{
    tls_context_close(context);
    folder_close();
}

TestSuite(failing_calls, .init = begin, .fini = end);

/* ---- Contexts ---- */

static enum error open_context(struct problem *problem)
{
    struct tls_settings settings = visitor_settings();
    struct tls_context *own = NULL;
    enum error error = tls_context_open(&settings, &own, problem);
    cr_expect_eq(error == ERROR_NONE, own != NULL);
    tls_context_close(own);
    return error;
}

/* Promise LSN-4 */
Test(failing_calls, of_tls_context_open)
{
    struct sweep sweep = {.name = "tls_context_open", .attempt = open_context, .says = "memory"};
    static const struct sweep_row rows[] = {{FAULTY_calloc, BOTH, NEVER}};
    SWEEP_RUN(&sweep, rows);
}

/* ---- Tickets ---- */

static int heritage = -1;

static enum error open_tickets(struct problem *problem)
{
    struct tls_tickets *tickets = NULL;
    enum error error = tls_tickets_open(heritage, &tickets, problem);
    cr_expect_eq(error == ERROR_NONE, tickets != NULL);
    cr_expect(error != ERROR_NONE || tls_tickets_fd(tickets) >= 0);
    tls_tickets_close(tickets);
    return error;
}

Test(failing_calls, of_tls_tickets_open)
{
    struct sweep sweep = {.name = "tls_tickets_open", .attempt = open_tickets, .says = "tickets"};
    static const struct sweep_row rows[] = {
        {FAULTY_CRYPTO_secure_zalloc, BOTH, NEVER},
        {FAULTY_memfd_create, BOTH, NEVER},
        {FAULTY_write, BOTH | FAULTY_SHORT, NEVER},
        {FAULTY_fcntl, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static void inherit(void)
{
    struct tls_tickets *tickets = NULL;
    struct problem problem;
    cr_assert_eq(tls_tickets_open(-1, &tickets, &problem), ERROR_NONE, "%s", problem.text);
    heritage = dup(tls_tickets_fd(tickets));
    tls_tickets_close(tickets);
}

/* Only without memory it is still open. */
static void disinherit(void)
{
    (void)close(heritage);
    heritage = -1;
}

/* What cannot be read is no heritage: a hot deployment goes on with new keys. */
Test(failing_calls, of_tls_tickets_open_with_a_heritage)
{
    struct sweep sweep = {.name = "tls_tickets_open",
                          .prepare = inherit,
                          .attempt = open_tickets,
                          .undo = disinherit,
                          .says = "tickets"};
    static const struct sweep_row rows[] = {
        {FAULTY_CRYPTO_secure_zalloc, BOTH, NEVER},
        {FAULTY_pread, NEVER, BOTH},
        {FAULTY_fcntl, FAULTY_FROM_THEN_ON, FAULTY_ONCE},
    };
    SWEEP_RUN(&sweep, rows);
}

/* ---- Sessions ---- */

static enum error open_session(struct problem *problem)
{
    int ends[2];
    struct tls_session *session = NULL;
    (void)problem;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    enum error error = tls_session_open(context, ends[0], &session);
    cr_expect_eq(error == ERROR_NONE, session != NULL);
    tls_session_close(session, false);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return error;
}

Test(failing_calls, of_tls_session_open)
{
    struct sweep sweep = {.name = "tls_session_open", .attempt = open_session};
    static const struct sweep_row rows[] = {{FAULTY_calloc, BOTH, NEVER}};
    SWEEP_RUN(&sweep, rows);
}
