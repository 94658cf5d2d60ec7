/* A client whose system takes nothing for a while, exactly when it is the turn of TLS itself: of a
 * handshake, or of the last word. */
#include "client.h"
#include "served.h"
#include "tunnel.h"

#include "kit/patience.h"
#include "tls/tls_context.h"
#include "tls/tls_session.h"

#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

enum error __real_tls_session_shake(struct tls_session *session);
enum error __wrap_tls_session_shake(struct tls_session *session);
enum error __real_tls_session_end(struct tls_session *session);
enum error __wrap_tls_session_end(struct tls_session *session);
bool __real_tls_session_wants_room(const struct tls_session *session);
bool __wrap_tls_session_wants_room(const struct tls_session *session);

/* How often there is no room; the worker has a copy of its own. */
static unsigned shakes;
static unsigned ends;
static bool has_no_room;

static bool finds_no_room(unsigned *left)
{
    has_no_room = *left > 0;
    *left -= has_no_room;
    return has_no_room;
}

enum error __wrap_tls_session_shake(struct tls_session *session)
{
    return finds_no_room(&shakes) ? ERROR_AGAIN : __real_tls_session_shake(session);
}

enum error __wrap_tls_session_end(struct tls_session *session)
{
    return finds_no_room(&ends) ? ERROR_AGAIN : __real_tls_session_end(session);
}

bool __wrap_tls_session_wants_room(const struct tls_session *session)
{
    return has_no_room || __real_tls_session_wants_room(session);
}

static struct worker_settings settings;
static struct tls_context *context;

static void begin(void)
{
    served_open();
    context = tunnel_context();
    settings = served_settings();
    settings.listeners[0].context = context;
    shakes = ends = 0;
    client_wrap = tunnel_open;
}

static void end(void)
{
    tunnel_close_all();
    tls_context_close(context);
    served_close();
}

TestSuite(tls_room, .init = begin, .fini = end);

/* The client says nothing more: only room at its socket lets the handshake go on. */
Test(tls_room, is_waited_for_in_a_handshake)
{
    shakes = 3;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, "GET /number HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    cr_assert(patience_readable(fd, PATIENCE_US), "nobody looks whether there is room");
    cr_expect(client_has(client_rest(fd), " 200 "));
    (void)close(fd);
    served_expect_good_end();
}

/* The answer is with the client, but not that it was the last one. */
Test(tls_room, is_waited_for_with_the_last_word)
{
    ends = 3;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, "GET /number HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const char *answer = client_answer(fd);
    cr_expect(client_has(answer, " 200 "));
    cr_assert(patience_readable(fd, PATIENCE_US), "nobody looks whether there is room");
    cr_expect_str_eq(client_rest(fd), "");
    (void)close(fd);
    served_expect_good_end();
}
