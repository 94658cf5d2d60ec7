#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct worker_settings settings;
static struct toad_app app;

static void begin(void)
{
    served_open();
    settings = served_settings();
    app = played_app;
    settings.app = &app;
}

TestSuite(worker, .init = begin, .fini = served_close);

/* With its number in place of `%d`. */
static void expect_heartbeats(const char *format)
{
    char expected[64];
    (void)snprintf(expected, sizeof expected, format, (int)worker, (int)worker);
    cr_expect_str_eq(served_heartbeats(), expected);
}

/* Promises HBT-1, WRK-2 */
Test(worker, leaves_at_quit)
{
    served_start(&settings);
    cr_assert(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
    expect_heartbeats("%d\n");
    served_send(SIGQUIT);
    cr_expect_eq(served_end(), 0);
    expect_heartbeats("%d:1\n");
    cr_expect_eq(served->starts, 1);
    cr_expect_eq(served->drains, 1);
    cr_expect_eq(served->stops, 1);
}

/* Promises WRK-2, WRK-3, WRK-4 */
Test(worker, serves_what_it_has_before_it_goes)
{
    served_start(&settings);
    int idle = client_connect();
    cr_assert(strstr(client_ask(idle, GET("/")), "Keep-Alive") != NULL);
    int busy = client_connect();
    client_send(busy, GET("/keep"));
    served_await(&served->keeping, 1);
    served_send(SIGQUIT);
    served_await(&served->drains, 1);
    served_send(SIGQUIT);
    const char *answer = client_ask(idle, GET("/"));
    cr_expect(strstr(answer, "Connection: close\r\n") != NULL, "%s", answer);
    client_await_end(idle);
    served->must_answer = true;
    answer = client_answer(busy);
    cr_expect(strstr(answer, "Connection: close\r\n") != NULL, "%s", answer);
    client_await_end(busy);
    cr_expect_eq(served_end(), 0);
    cr_expect_eq(served->drains, 1);
}

/* Promise WRK-10 */
Test(worker, leaves_after_its_last_connection)
{
    settings.limits.accepts = 2;
    served_start(&settings);
    cr_expect(strstr(client_ask_once(GET("/")), "Keep-Alive") != NULL);
    cr_expect(strstr(client_ask_once(GET("/")), "Connection: close") != NULL);
    cr_expect_eq(served_end(), 0);
    expect_heartbeats("%d\n%d:1\n");
}

/* Promise WRK-11 */
Test(worker, has_no_more_clients_than_it_may)
{
    settings.limits.clients = 2;
    served_start(&settings);
    int first = client_connect();
    int second = client_connect();
    cr_assert(client_ask(first, GET("/"))[0] != '\0');
    cr_assert(client_ask(second, GET("/"))[0] != '\0');
    int third = client_connect();
    client_send(third, GET("/"));
    cr_expect_not(patience_readable(third, 50 * MILLISECOND_US));
    (void)close(first);
    cr_expect(client_answer(third)[0] != '\0');
    (void)close(second);
    (void)close(third);
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Promise HBT-1 */
Test(worker, beats)
{
    settings.heartbeat_interval_us = 5 * MILLISECOND_US;
    served_start(&settings);
    char line[32];
    (void)snprintf(line, sizeof line, "%d\n", (int)worker);
    unsigned beats = 0;
    while (beats < 5 && patience_readable(heartbeats_fd, PATIENCE_US))
        for (const char *text = served_heartbeats(); (text = strstr(text, line)) != NULL; text++)
            beats++;
    cr_expect_geq(beats, 5);
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Promise WRK-6 */
Test(worker, leaves_when_its_manager_is_gone)
{
    served_start(&settings);
    int idle = client_connect();
    cr_assert(client_ask(idle, GET("/"))[0] != '\0');
    served_orphan();
    served_await_log("The manager is gone, the worker leaves");
    const char *answer = client_ask(idle, GET("/"));
    cr_expect(strstr(answer, "Connection: close\r\n") != NULL, "%s", answer);
    client_await_end(idle);
    cr_expect_eq(served_end(), 0);
}

/* Promises MGR-4, WRK-6 */
Test(worker, does_not_outstay_its_manager_for_long)
{
    static const int64_t timeouts_us[] = {0, 20 * MILLISECOND_US};
    for (size_t i = 0; i < 2; i++) {
        served_begin_anew();
        settings = served_settings();
        settings.graceful_timeout_us = timeouts_us[i];
        served_start(&settings);
        int idle = client_connect();
        cr_assert(client_ask(idle, GET("/"))[0] != '\0');
        served_orphan();
        cr_expect_eq(served_end(), CHILD_SIGNALLED + SIGALRM);
        (void)close(idle);
    }
}

/* Promise WRK-1 */
Test(worker, stops_at_once_at_term)
{
    served_start(&settings);
    int busy = client_connect();
    client_send(busy, GET("/keep"));
    served_await(&served->keeping, 1);
    served_send(SIGTERM);
    cr_expect_eq(served_end(), CHILD_SIGNALLED + SIGTERM);
    (void)close(busy);
}

/* Promise WRK-7 */
Test(worker, is_not_ended_by_other_signals)
{
    static const int signals[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, SIGPIPE};
    served_start(&settings);
    cr_assert(client_ask_once(GET("/"))[0] != '\0');
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        served_send(signals[i]);
        cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
    }
    cr_expect_eq(served_end_by_quit(), 0);
}

static bool is_logged_anew(void *context)
{
    (void)context;
    return folder_has("log") && folder_has("access");
}

/* Promise MGR-8 */
Test(worker, opens_its_logs_anew)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
    served_start(&settings);
    cr_assert(client_ask_once(GET("/first"))[0] != '\0');
    cr_assert_eq(rename(folder_path("access"), folder_path("access.1")), 0);
    cr_assert_eq(rename(folder_path("log"), folder_path("log.1")), 0);
    served_send(SIGUSR1);
    cr_assert(patience_holds(is_logged_anew, NULL));
    cr_assert(client_ask_once(GET("/second"))[0] != '\0');
    cr_assert(client_ask_once(GET("/log"))[0] != '\0');
    cr_expect_eq(served_end_by_quit(), 0);
    cr_expect(strstr(folder_read("access.1"), "GET /first") != NULL);
    cr_expect(strstr(folder_read("access.1"), "GET /second") == NULL);
    cr_expect(strstr(folder_read("access"), "GET /second") != NULL);
    cr_expect(strstr(folder_read("log"), "by the application") != NULL);
}

/* Promise MGR-8: it goes on with the old ones. */
Test(worker, says_when_its_logs_cannot_be_opened_anew)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
    served_start(&settings);
    cr_assert(client_ask_once(GET("/first"))[0] != '\0');
    cr_assert_eq(rename(folder_path("log"), folder_path("log.1")), 0);
    cr_assert_eq(rename(folder_path("access"), folder_path("access.1")), 0);
    cr_assert_eq(mkdir(folder_path("log"), 0755), 0);
    cr_assert_eq(mkdir(folder_path("access"), 0755), 0);
    served_send(SIGUSR1);
    cr_assert(client_ask_once(GET("/second"))[0] != '\0');
    cr_expect_eq(served_end_by_quit(), 0);
    const char *log = folder_read("log.1");
    cr_expect(strstr(log, "The log could not be opened anew: Is a directory") != NULL, "%s", log);
    cr_expect(strstr(log, "The access log could not be opened anew: Is a directory") != NULL);
    cr_expect(strstr(folder_read("access.1"), "GET /second") != NULL);
}

static void expect_line(const char *path, const char *behind_date)
{
    const char *text = folder_read(path);
    cr_expect_eq(strncmp(text, "127.0.0.1 - - [", 15), 0, "%s", text);
    const char *rest = strstr(text, "] ");
    cr_assert_neq(rest, NULL, "%s", text);
    cr_expect_str_eq(rest + 2, behind_date);
}

Test(worker, logs_each_answer)
{
    static const struct {
        const char *request;
        const char *line;
    } table[] = {
        {"GET /number?a=\"b\" HTTP/1.1\r\nHost: h\r\nReferer: http://r/\r\nUser-Agent: a/1 "
         "\"x\"\r\n\r\n",
         "\"GET /number?a=\\x22b\\x22 HTTP/1.1\" 200 1 \"http://r/\" \"a/1 \\x22x\\x22\"\n"},
        {"HEAD / HTTP/1.0\r\n\r\n", "\"HEAD / HTTP/1.0\" 200 0 \"-\" \"-\"\n"},
        {GET("/nothing"), "\"GET /nothing HTTP/1.1\" 500 31 \"-\" \"-\"\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        served_begin_anew();
        settings = served_settings();
        static char path[1024];
        (void)snprintf(path, sizeof path, "%s", folder_path("access"));
        settings.access_log_path = path;
        served_start(&settings);
        int fd = client_connect();
        client_send(fd, table[i].request);
        client_finish(fd);
        cr_assert(client_rest(fd)[0] != '\0');
        (void)close(fd);
        cr_expect_eq(served_end_by_quit(), 0);
        expect_line("access", table[i].line);
    }
}

Test(worker, logs_what_could_not_be_read_as_such)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
    settings.access_log_is_json = true;
    served_start(&settings);
    cr_assert(client_ask_once("NONSENSE\r\n\r\n")[0] != '\0');
    cr_expect_eq(served_end_by_quit(), 0);
    const char *text = folder_read("access");
    cr_expect_eq(strncmp(text, "{\"time\":", 8), 0, "%s", text);
    cr_expect(strstr(text, ",\"remote\":\"127.0.0.1\",\"method\":\"\",\"target\":\"\"") != NULL,
              "%s", text);
    cr_expect(strstr(text, ",\"status\":400,") != NULL, "%s", text);
}

/* ---- What keeps it from serving ---- */

static void expect_no_start(const char *reason)
{
    served_start(&settings);
    cr_expect_eq(served_end(), 1);
    cr_expect(strstr(folder_read("log"), reason) != NULL, "%s", folder_read("log"));
    cr_expect_eq(served->stops, 0);
    cr_expect_str_eq(served_heartbeats(), "");
}

Test(worker, does_not_serve_what_the_application_refuses)
{
    served->start_outcome = 7;
    expect_no_start("error The application's worker_start failed (7)");
}

Test(worker, does_not_serve_without_its_access_log)
{
    settings.access_log_path = "/no such directory/access";
    expect_no_start("error The access log \"/no such directory/access\" cannot be opened: No such");
}

Test(worker, does_not_serve_without_the_accept_mutex)
{
    settings.lock_fd = 1000;
    expect_no_start("error The accept mutex cannot be opened: No such file");
}

/* Promise WRK-8 */
Test(worker, does_not_serve_with_privileges_that_it_cannot_give_up)
{
    settings.privileges = (struct privileges){.has_group = true, .group_count = -1};
    expect_no_start("error cannot set supplementary groups");
}

/* ---- What it can do without ---- */

Test(worker, serves_an_application_that_wants_to_know_little)
{
    app.worker_start = NULL;
    app.worker_drain = NULL;
    app.worker_stop = NULL;
    served_start(&settings);
    cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Promise CLI-7 */
Test(worker, gives_up_the_standard_streams)
{
    settings.is_detached = true;
    served_start(&settings);
    cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
    struct descriptors open = descriptors_of(worker);
    cr_expect_eq(strncmp(open.text, "0 /dev/null\n1 /dev/null\n2 ", 26), 0, "%s", open.text);
    cr_expect(strstr(open.text, "/log\n") < strstr(open.text, "\n3 "), "%s", open.text);
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Promise HBT-5 */
Test(worker, serves_when_nobody_hears_its_heart)
{
    served_start(&settings);
    cr_assert(client_ask_once(GET("/"))[0] != '\0');
    (void)close(heartbeats_fd);
    heartbeats_fd = -1;
    served_send(SIGQUIT);
    cr_expect_eq(served_end(), 0);
}
