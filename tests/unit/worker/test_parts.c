/* Answers in parts. */
#include "client.h"
#include "played.h"
#include "served.h"

#include "base/limits.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOSING(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
#define CHUNKS "3\r\none\r\n7\r\nand two\r\n10\r\nand a third part\r\n0\r\n\r\n"

static struct worker_settings settings;

static void begin(void)
{
    static char path[1024];
    served_open();
    settings = served_settings();
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
}

TestSuite(parts, .init = begin, .fini = served_close);

/* Promise CON-4; RFC 9112 7.1 */
Test(parts, are_chunks_if_their_size_is_not_known)
{
    served_start(&settings);
    const char *answer = client_ask_all(CLOSING("/parts"));
    client_expect_body(answer, "200", CHUNKS);
    cr_expect(client_has(answer, "\r\nTransfer-Encoding: chunked\r\n"), "%s", answer);
    cr_expect(client_has(answer, "\r\nContent-Type: text/plain\r\n"), "%s", answer);
    cr_expect(!client_has(answer, "Content-Length"), "%s", answer);
    client_expect_body(client_ask_all(CLOSING("/parts-none")), "200", "0\r\n\r\n");
    served_expect_good_end();
}

Test(parts, are_bare_if_their_size_is_known)
{
    served_start(&settings);
    const char *answer = client_ask_once(GET("/parts-sized"));
    client_expect_body(answer, "200", "oneand twoand a third part");
    cr_expect(client_has(answer, "\r\nContent-Length: 26\r\n"), "%s", answer);
    cr_expect(!client_has(answer, "Transfer-Encoding"), "%s", answer);
    served_expect_good_end();
}

Test(parts, end_with_the_connection_for_http_1_0)
{
    served_start(&settings);
    const char *answer =
        client_ask_all("GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET("/number"));
    client_expect_body(answer, "200", "oneand twoand a third part");
    cr_expect(client_has(answer, "\r\nConnection: close\r\n"), "%s", answer);
    cr_expect(!client_has(answer, "Transfer-Encoding"), "%s", answer);
    answer = client_ask_all("GET /parts-sized HTTP/1.0\r\n\r\n");
    client_expect_body(answer, "200", "oneand twoand a third part");
    served_expect_good_end();
}

/* RFC 9110 9.3.2, 15.3.5, 15.4.5 */
Test(parts, are_not_sent_where_there_is_no_body)
{
    served_start(&settings);
    client_expect_body(
        client_ask_all("HEAD /parts HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "200", "");
    client_expect_body(
        client_ask_all("HEAD /parts-sized HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "200",
        "");
    client_expect_body(
        client_ask_all("HEAD /less HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "200", "");
    client_expect_body(client_ask_all(CLOSING("/parts-status?status=204")), "204", "");
    client_expect_body(client_ask_all(CLOSING("/parts-status?status=304")), "304", "");
    const char *answer = client_ask_all("HEAD /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                                        "GET /number HTTP/1.0\r\n\r\n");
    cr_expect(client_has(answer, "\r\n\r\n2"), "%s", answer);
    cr_expect_eq(served->aborts, 0);
    served_expect_good_end();
}

/* Promise CON-4 */
Test(parts, let_the_next_request_have_its_turn)
{
    served_start(&settings);
    const char *answers = client_ask_all(GET("/parts") GET("/number") GET("/parts-slowly")
                                             GET("/number") GET("/parts-later") CLOSING("/number"));
    const char *place = answers;
    static const char *const bodies[] = {
        CHUNKS "HTTP",   "\r\n\r\n2HTTP", "4\r\npart\r\n4\r\npart\r\n4\r\npart\r\n0\r\n\r\nHTTP",
        "\r\n\r\n4HTTP", CHUNKS "HTTP",   "\r\n\r\n6"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0] && place != NULL; i++)
        place = strstr(place, bodies[i]);
    cr_expect_neq(place, NULL, "%s", answers);
    served_expect_good_end();
}

/* What was written in one turn is in one segment: the client gets it with one read. */
Test(parts, of_one_turn_go_out_together)
{
    static const char *const paths[] = {GET("/parts"), GET("/parts-later")};
    served_start(&settings);
    for (size_t i = 0; i < 2; i++) {
        char bytes[4096];
        int fd = client_connect();
        client_send(fd, paths[i]);
        cr_assert(patience_readable(fd, PATIENCE_US));
        ssize_t size = read(fd, bytes, sizeof bytes - 1);
        cr_assert_gt(size, 0);
        bytes[size] = '\0';
        cr_expect(client_has(bytes, CHUNKS), "%s", bytes);
        (void)close(fd);
    }
    served_expect_good_end();
}

/* Reads an answer in chunks behind its head; gives its size. */
static size_t read_chunks(int fd)
{
    size_t total = 0;
    while (true) {
        size_t size = strtoul(client_until(fd, "\r\n"), NULL, 16);
        cr_assert(client_skip(fd, size + 2));
        if (size == 0)
            return total;
        total += size;
    }
}

/* Promise CON-7 */
Test(parts, wait_in_bounds_for_a_slow_client)
{
    static const char *const paths[] = {GET("/flood?bytes=3000000&most=100000") GET("/number"),
                                        GET("/flood?bytes=3000000&most=1000000") GET("/number"),
                                        GET("/flood-late?bytes=3000000&most=7") GET("/number")};
    served_start(&settings);
    for (size_t i = 0; i < 3; i++) {
        int fd = client_connect_narrow();
        served->taken = served->shorts = served->writables = 0;
        client_send(fd, paths[i]);
        served_await(&served->begun, (unsigned)i + 1);
        /* Others are served, and what is waiting is no more than what it may be. */
        for (int k = 0; k < 10; k++)
            client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
        cr_expect_leq(served->taken, 2u * STREAM_WAITING_MAX, "%zu", served->taken);
        cr_expect_eq(served->shorts, 1);
        cr_expect_eq(served->writables, 0);
        (void)client_until(fd, "\r\n\r\n");
        cr_expect_eq(read_chunks(fd), 3000000);
        client_expect_body(client_answer(fd), "200", "2");
        cr_expect_gt(served->writables, 5);
        (void)close(fd);
    }
    served_expect_good_end();
}

Test(parts, of_a_known_size_wait_for_a_slow_client_as_well)
{
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/flood?bytes=2000000&most=1000000&sized") GET("/number"));
    cr_expect(client_skip_answer(fd));
    client_expect_body(client_answer(fd), "200", "2");
    cr_expect_eq(served->taken, 2000000);
    cr_expect_gt(served->shorts, 1);
    (void)close(fd);
    served_expect_good_end();
}

/* Promise APP-3 */
Test(parts, that_nobody_takes_any_more_are_told_of_once)
{
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/flood?bytes=3000000&most=100000"));
    served_await(&served->begun, 1);
    client_reset(fd);
    served_await(&served->aborts, 1);
    client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
    cr_expect_eq(served->aborts, 1);
    served_await_log("" /* there is one */);
    cr_expect_eq(served_count_log("error"), 0, "%s", folder_read("log"));
    served_expect_good_end();
}

/* Promise CON-3 */
Test(parts, that_do_not_move_end_with_the_connection)
{
    settings.session.inactivity_timeout_us = 50 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/silent"));
    client_expect_body(client_rest(fd), "200", "9\r\nsomething\r\n");
    (void)close(fd);
    served_await(&served->aborts, 1);
    int slow = client_connect_narrow();
    client_send(slow, GET("/flood?bytes=3000000&most=100000"));
    served_await(&served->aborts, 2);
    client_await_end(slow);
    served_expect_good_end();
    cr_expect_eq(served->aborts, 2);
}

Test(parts, go_out_when_they_are_written_whoever_has_the_turn)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/trickle?only"));
    client_expect_body(client_until(fd, "\r\n\r\n"), "200", "");
    client_reset(fd);
    served_await(&served->aborts, 1);
    served->aborts = served->begun = 0;
    fd = client_connect();
    client_send(fd, GET("/trickle"));
    (void)client_until(fd, "\r\n\r\n");
    cr_expect_str_eq(client_until(fd, "t\r\n1\r\nt\r\n"), "1\r\nt\r\n1\r\nt\r\n");
    client_reset(fd);
    served_await(&served->aborts, 1);
    served_expect_good_end();
}

/* Promise CON-3: what an application adds behind what the client does not take moves nothing. */
Test(parts, that_only_wait_do_not_keep_a_silent_client)
{
    settings.session.inactivity_timeout_us = 100 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/trickle?first=131072"));
    served_await(&served->aborts, 1);
    client_await_end(fd);
    served_expect_good_end();
}

Test(parts, that_end_too_early_cut_the_connection)
{
    served_start(&settings);
    client_expect_body(client_ask_all(GET("/less") GET("/number")), "200", "1234");
    served_await_log("The answer to /less ended before its announced size");
    served_expect_good_end();
    cr_expect_eq(served->aborts, 0);
}

Test(parts, beyond_the_announced_size_are_dropped)
{
    served_start(&settings);
    int fd = client_connect();
    client_expect_body(client_ask(fd, GET("/more")), "200", "12345");
    client_expect_body(client_ask(fd, GET("/number")), "200", "2");
    (void)close(fd);
    served_await_log("writes more than the announced size of /more");
    cr_expect_eq(served_count_log("announced size"), 1);
    served_expect_good_end();
}

Test(parts, may_be_given_up)
{
    served_start(&settings);
    client_expect_body(client_ask_all(GET("/fail") GET("/number")), "200",
                       "f\r\nbefore the fall\r\n");
    const char *answer = client_ask_once(GET("/fail-at-once"));
    client_expect_body(answer, "500", "The application could not answer\n");
    cr_expect(!client_has(answer, "X-Lost"), "%s", answer);
    served_expect_good_end();
    cr_expect_eq(served->aborts, 0);
}

/* Without a frame a quiet end would look like the whole. */
Test(parts, that_are_given_up_reset_a_connection_whose_end_would_be_theirs)
{
    char bytes[4096];
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, "GET /fail HTTP/1.0\r\n\r\n");
    ssize_t size = 1;
    while (size > 0)
        size = read(fd, bytes, sizeof bytes);
    cr_expect_eq(size, -1);
    (void)close(fd);
    served_expect_good_end();
}

Test(parts, of_a_confused_application_are_as_if_it_were_not)
{
    static const char *const lines[] = {
        "wrote to the answer to /confused, which has not begun",
        "ended the answer to /confused, which has not begun",
        "added a trailer to the answer to /confused, which has not begun",
        "wrote to the answer to /confused, which is complete",
        "ended the answer to /confused, which is complete",
        "gave up the answer to /confused, which is complete",
        "The field \"X-Late\" comes too late for the answer to /confused",
    };
    served_start(&settings);
    client_expect_body(client_ask_all(CLOSING("/confused")), "200", "4\r\nfine\r\n0\r\n\r\n");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        served_await_log(lines[i]);
    cr_expect_eq(served_count_log("answered a request twice: GET /confused"), 4);
    client_expect_body(client_ask_once(GET("/parts-wrong")), "500",
                       "The application's answer was not valid\n");
    served_expect_good_end();
}

/* Promise OBS-3: the size is what was sent. */
Test(parts, are_logged_when_they_have_ended)
{
    static const char *const lines[] = {
        "\"GET /parts HTTP/1.1\" 200 26 ",       "\"HEAD /parts HTTP/1.1\" 200 0 ",
        "\"GET /parts-sized HTTP/1.1\" 200 26 ", "\"GET /fail HTTP/1.1\" 200 ",
        "\"GET /less HTTP/1.1\" 200 ",
    };
    served_start(&settings);
    (void)client_ask_all(CLOSING("/parts"));
    (void)client_ask_all("HEAD /parts HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    (void)client_ask_all(CLOSING("/parts-sized"));
    (void)client_ask_all(CLOSING("/fail"));
    (void)client_ask_all(CLOSING("/less"));
    int fd = client_connect();
    client_send(fd, GET("/silent"));
    (void)client_until(fd, "something\r\n");
    client_reset(fd);
    served_await(&served->aborts, 1);
    served_expect_good_end();
    const char *log = folder_read("access");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect(client_has(log, lines[i]), "%s is not in %s", lines[i], log);
    cr_expect(client_has(log, "\"GET /silent HTTP/1.1\" 200 9 "), "%s", log);
    unsigned count = 0;
    for (const char *line = log; (line = strchr(line, '\n')) != NULL; line++)
        count++;
    cr_expect_eq(count, 6, "%s", log);
}
