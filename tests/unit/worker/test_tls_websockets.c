/* WebSockets within TLS. */
#include "served.h"
#include "talk.h"
#include "tunnel.h"

#include "base/limits.h"
#include "tls/tls_context.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct worker_settings settings;
static struct tls_context *context;

static void begin(void)
{
    served_open();
    context = tunnel_context();
    settings = served_settings();
    settings.listeners[0].context = context;
    client_wrap = tunnel_open;
}

static void end(void)
{
    tunnel_close_all();
    tls_context_close(context);
    served_close();
}

TestSuite(tls_websockets, .init = begin, .fini = end);

static void end_well(int fd)
{
    talk_send(fd, "close:1000");
    cr_expect_str_eq(talk_rest(fd), "close:1000");
    cr_expect_eq(served_end_by_quit(), 0);
    cr_expect_eq(served->closed, served->opened);
}

/* Promises APP-3, LSN-3: the connection is not the request's any more. */
Test(tls_websockets, know_the_tls_that_they_came_through)
{
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    talk_send(fd, "text:!t");
    const char *said = talk_read(fd, 1);
    cr_expect_eq(strncmp(said, "text:TLSv1.3 TLS_", 17), 0, "%s", said);
    cr_expect(strstr(said, " none none") != NULL, "%s", said);
    end_well(fd);
}

/* Promise CON-8 */
Test(tls_websockets, have_messages_larger_than_records)
{
    served_start(&settings);
    struct bytes whole = talk_bytes(OPENING("/ws"), "text:a | binary:x*200000 | ping:p");
    int fd = client_connect();
    client_send_bytes(fd, whole.data, whole.size);
    cr_expect(client_has(client_until(fd, "\r\n\r\n"), " 101 "));
    cr_expect_str_eq(talk_read(fd, 3), "text:a | binary:x*200000 | pong:p");
    TALK(fd, "text-:a*20000 | ping:q | more:a*20000", 2, "pong:q | text:a*40000");
    end_well(fd);
}

/* Promise CON-7: what is held up waits inside of TLS, too, where no socket tells of it. */
Test(tls_websockets, take_up_what_they_held_up)
{
    static char orders[200000];
    served_start(&settings);
    int fd = talk_open_over(client_connect_narrow(), OPENING("/ws"));
    struct bytes order = talk_bytes("", "text:!b | binary:x*1000");
    size_t count = sizeof orders / order.size;
    for (size_t i = 0; i < count; i++)
        memcpy(orders + i * order.size, order.data, order.size);
    client_send_bytes(fd, orders, count * order.size);
    for (size_t i = 0; i < count; i++) {
        const char *said = talk_read(fd, 2);
        cr_assert(strstr(said, " | binary:x*1000") != NULL, "message %zu: %s", i, said);
    }
    end_well(fd);
}

/* Promise WRK-5 */
Test(tls_websockets, are_closed_well_when_the_worker_leaves)
{
    settings.graceful_timeout_us = 3 * SECOND_US / 2;
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    served_send(SIGQUIT);
    cr_expect_str_eq(talk_read(fd, 2), "text:drain | close:1001");
    talk_send(fd, "close:1001");
    cr_expect_str_eq(talk_rest(fd), "");
    cr_expect_eq(served_end(), 0);
    cr_expect_eq(served->close_code, 1001);
}
