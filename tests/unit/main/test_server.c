#include "captured.h"
#include "serving.h"

#include "herald/herald.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(server, .init = serving_open, .fini = serving_close);

#define BASE "pid_file => '@/pid', log_file => '@/log', workers => 1"
#define ANYWHERE "{listen => ['http://127.0.0.1:0'], " BASE "}"

static const char *ask_at(const struct sockaddr *name, socklen_t name_size)
{
    static char text[1024];
    int fd = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, name, name_size), 0);
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    cr_assert_eq(write(fd, request, sizeof request - 1), (ssize_t)sizeof request - 1);
    size_t used = 0;
    while (used < sizeof text - 1 && patience_readable(fd, PATIENCE_US)) {
        ssize_t size = read(fd, text + used, sizeof text - 1 - used);
        if (size <= 0)
            break;
        used += (size_t)size;
    }
    text[used] = '\0';
    (void)close(fd);
    return text;
}

static const char *ask(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr = {htonl(INADDR_LOOPBACK)},
                               .sin_port = htons(serving_port())};
    return ask_at((struct sockaddr *)&name, sizeof name);
}

static const char *ask_under(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    return ask_at((struct sockaddr *)&name, sizeof name);
}

static void expect_end_by(pid_t server, int number)
{
    cr_assert_eq(kill(server, number), 0);
    cr_expect_eq(serving_end(server), 0, "%s", folder_read("log"));
    cr_expect_not(folder_has("pid"));
    cr_expect(strstr(captured_out(), "fini\n") != NULL, "the application was not told");
}

/* Promises LSN-7, LSN-8, MGR-2 */
Test(server, serves_until_it_is_stopped)
{
    pid_t server = serving_start_ready(ANYWHERE);
    cr_expect_gt(serving_port(), 0);
    cr_expect(strstr(ask(), "Hello World") != NULL);
    cr_expect(strstr(folder_read("log"), "Listening at http://127.0.0.1:") != NULL);
    expect_end_by(server, SIGTERM);
}

/* Promise LSN-1 */
Test(server, announces_each_address)
{
    pid_t server = serving_start_ready("{listen => ['http://127.0.0.1:0', 'http://*:0?reuse=1'], "
                                       "backlog => 5, " BASE "}");
    const char *first = strstr(captured_out(), "Server available at http://127.0.0.1:");
    cr_assert_neq(first, NULL);
    cr_expect_neq(strstr(first + 1, "Server available at http://127.0.0.1:"), NULL);
    expect_end_by(server, SIGQUIT);
}

enum {
    INHERITED = 60
};

static void inherit_socket(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    child_demand(bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, 5) == 0);
    child_demand(dup2(fd, INHERITED) == INHERITED && close(fd) == 0);
}

/* Promise LSN-5 */
Test(server, serves_on_an_inherited_socket)
{
    serving_prologue = inherit_socket;
    pid_t server = serving_start_ready("{listen => ['http://127.0.0.1:80?fd=60'], " BASE "}");
    cr_expect_gt(serving_port(), 80, "the port that the socket has");
    cr_expect(strstr(ask(), "Hello World") != NULL);
    expect_end_by(server, SIGTERM);
}

/* Promises LSN-2, LSN-8 */
Test(server, serves_under_paths_and_removes_them)
{
    char expected[512];
    pid_t server = serving_start_ready("{listen => ['file://@/a.sock?mode=0600', "
                                       "'http+unix://@/b.sock'], " BASE "}");
    (void)snprintf(expected, sizeof expected, "Server available at file://%s.\n",
                   folder_path("a.sock"));
    cr_expect(strstr(captured_out(), expected) != NULL, "%s", captured_out());
    cr_expect(strstr(captured_out(), "Server available at http+unix://%2F") != NULL);
    cr_expect(strstr(ask_under(folder_path("a.sock")), "Hello World") != NULL);
    cr_expect(strstr(ask_under(folder_path("b.sock")), "Hello World") != NULL);
    expect_end_by(server, SIGTERM);
    cr_expect_not(folder_has("a.sock"));
    cr_expect_not(folder_has("b.sock"));
}

static void inherit_path(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", folder_path("sock"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    child_demand(bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, 5) == 0);
    child_demand(dup2(fd, INHERITED) == INHERITED && close(fd) == 0);
}

/* Promises LSN-2, LSN-5: who has made the file may want it for the next server. */
Test(server, serves_under_an_inherited_path_and_leaves_it)
{
    serving_prologue = inherit_path;
    pid_t server = serving_start_ready("{listen => ['file://@/sock?fd=60'], " BASE "}");
    cr_expect(strstr(ask_under(folder_path("sock")), "Hello World") != NULL);
    expect_end_by(server, SIGTERM);
    cr_expect(folder_has("sock"));
}

/* Promise LSN-6 */
Test(server, may_accept_one_connection_at_a_time)
{
    pid_t server =
        serving_start_ready("{listen => ['http://127.0.0.1:0?single_accept=1'], " BASE "}");
    cr_expect(strstr(ask(), "Hello World") != NULL);
    expect_end_by(server, SIGTERM);
}

Test(server, keeps_an_access_log)
{
    pid_t server = serving_start_ready("{listen => ['http://127.0.0.1:0'], access_log => "
                                       "'@/access', access_log_json => 1, " BASE "}");
    cr_expect(strstr(ask(), "Hello World") != NULL);
    expect_end_by(server, SIGQUIT);
    cr_expect(strstr(folder_read("access"), "\"method\":\"GET\",\"target\":\"/\"") != NULL, "%s",
              folder_read("access"));
}

/* Promise LSN-9 */
Test(server, says_that_it_was_built_without_avahi_where_bonjour_is_asked_for)
{
    static const struct {
        const char *config;
        bool is_warned;
    } table[] = {{"{listen => ['http://127.0.0.1:0'], bonjour => 1, " BASE "}", true},
                 {"{listen => ['http://127.0.0.1:0'], bonjour => 0, " BASE "}", false},
                 {"{listen => ['http://127.0.0.1:0'], " BASE "}", false}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (i > 0) {
            serving_close();
            serving_open();
        }
        expect_end_by(serving_start_ready(table[i].config), SIGTERM);
        const char *log = folder_read("log");
        bool is_warned =
            strstr(log, "warn The setting bonjour has no effect: this server was built "
                        "without Avahi") != NULL;
        cr_expect_eq(is_warned, table[i].is_warned && !herald_is_built(), "row %zu: %s", i, log);
    }
}

Test(server, says_that_nobody_is_trusted_without_the_setting_proxy)
{
    pid_t server = serving_start_ready("{listen => ['http://127.0.0.1:0'], proxy => 0, "
                                       "trusted_proxies => '10.0.0.0/8', " BASE "}");
    expect_end_by(server, SIGTERM);
    const char *log = folder_read("log");
    cr_expect(strstr(log, "warn The setting trusted_proxies has no effect without proxy") != NULL,
              "%s", log);
}

Test(server, trusts_in_silence)
{
    pid_t server = serving_start_ready("{listen => ['http://127.0.0.1:0'], proxy => 1, "
                                       "trusted_proxies => ['10.0.0.0/8', '::1'], " BASE "}");
    expect_end_by(server, SIGTERM);
    cr_expect(strstr(folder_read("log"), " warn ") == NULL, "%s", folder_read("log"));
}

static bool is_reopened(void *context)
{
    return strstr(folder_read("log"), context) != NULL;
}

/* Promise MGR-8 */
Test(server, opens_its_log_anew)
{
    pid_t server = serving_start_ready(ANYWHERE);
    cr_assert_eq(rename(folder_path("log"), folder_path("log.1")), 0);
    cr_assert_eq(kill(server, SIGUSR1), 0);
    cr_expect(patience_holds(is_reopened, ""));
    expect_end_by(server, SIGTERM);
    cr_expect(strstr(folder_read("log"), "The manager ends") != NULL);
}

static bool is_said_in_the_old_one(void *context)
{
    return strstr(folder_read("log.1"), context) != NULL;
}

/* Promise MGR-8 */
Test(server, says_when_its_log_cannot_be_opened_anew)
{
    pid_t server = serving_start_ready(ANYWHERE);
    cr_assert_eq(rename(folder_path("log"), folder_path("log.1")), 0);
    cr_assert_eq(mkdir(folder_path("log"), 0755), 0);
    cr_assert_eq(kill(server, SIGUSR1), 0);
    cr_expect(
        patience_holds(is_said_in_the_old_one, "The log could not be opened anew: Is a directory"));
    cr_assert_eq(kill(server, SIGTERM), 0);
    cr_expect_eq(child_wait(server), 0);
}
