/* Promise CON-9: whom the application takes for its client. */
#include "client.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "served.h"
#include "sys/unix_listener.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
}

TestSuite(forwarding, .init = begin, .fini = served_close);

static void start(bool is_on, const char *network)
{
    settings.trust.is_on = is_on;
    if (network != NULL)
        cr_assert(ip_network_read(bytes_of(network), &settings.trust.networks[0]));
    settings.trust.network_count = network != NULL;
    served_start(&settings);
}

static unsigned own_port(int fd)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    return ntohs(name.sin_port);
}

#define ENDS(path, fields) "GET " path " HTTP/1.1\r\nHost: h:80\r\n" fields "\r\n"
#define TOLD                                                                                       \
    "X-Forwarded-For: 192.0.2.66, 192.0.2.1:4000\r\nX-Forwarded-Proto: https\r\n"                  \
    "X-Forwarded-Host: example.org\r\n"

/* `format` may begin with the client's own port as %u. */
static void expect_ends(const char *request, const char *format)
{
    char expected[1024];
    char behind[64];
    int fd = client_connect();
    (void)snprintf(expected, sizeof expected, format, own_port(fd));
    (void)snprintf(behind, sizeof behind, " 127.0.0.1 127.0.0.1 %u", served_port);
    const char *answer = client_ask(fd, request);
    const char *body = strstr(answer, "\r\n\r\n");
    cr_assert_neq(body, NULL, "%s", answer);
    size_t size = strlen(expected);
    cr_expect(strncmp(body + 4, expected, size) == 0 && strcmp(body + 4 + size, behind) == 0,
              "%s not %s%s", body + 4, expected, behind);
    (void)close(fd);
}

static const char *ask_under_a_path(const char *request)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", folder_path("sock"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    const char *answer = client_ask(fd, request);
    (void)close(fd);
    const char *body = strstr(answer, "\r\n\r\n");
    return body == NULL ? "" : body + 4;
}

/* The only listener becomes one under a path. */
static void start_under_a_path(const char *network)
{
    int fd = -1;
    struct file_identity file;
    struct problem problem;
    struct unix_address address = {.path = folder_path("sock"), .mode = 0600};
    cr_assert_eq(unix_listener_open(&address, &fd, &file, &problem), ERROR_NONE, "%s",
                 problem.text);
    cr_assert_geq(dup3(fd, settings.listeners[0].fd, O_CLOEXEC), 0);
    (void)close(fd);
    start(true, network);
}

/* Promise LSN-2: a path has neither addresses nor ports. */
Test(forwarding, is_all_that_is_known_of_a_client_under_a_path)
{
    start_under_a_path(NULL);
    cr_expect_str_eq(ask_under_a_path(ENDS("/ends", "")), " 0 http h:80   0");
    cr_expect_str_eq(ask_under_a_path(ENDS("/ends", TOLD)), "192.0.2.1 4000 https example.org   0");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(forwarding, is_in_no_network_under_a_path)
{
    start_under_a_path("0.0.0.0/0");
    cr_expect_str_eq(ask_under_a_path(ENDS("/ends", TOLD)), " 0 http h:80   0");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(forwarding, is_not_believed_unless_it_is_asked_for)
{
    start(false, NULL);
    expect_ends(ENDS("/ends", TOLD), "127.0.0.1 %u http h:80");
    expect_ends(ENDS("/ends", "Forwarded: for=192.0.2.1;proto=https;host=a\r\n"),
                "127.0.0.1 %u http h:80");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(forwarding, is_believed_from_everybody_without_networks)
{
    start(true, NULL);
    expect_ends(ENDS("/ends", ""), "127.0.0.1 %u http h:80");
    expect_ends(ENDS("/ends", TOLD), "192.0.2.1 4000 https example.org");
    expect_ends(ENDS("/ends", "Forwarded: for=\"[2001:db8::1]\";proto=http\r\n"),
                "2001:db8::1 0 http h:80");
    expect_ends(ENDS("/ends", "X-Forwarded-For: unknown\r\nX-Forwarded-Proto: x\r\n"),
                "127.0.0.1 %u http h:80");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(forwarding, is_believed_from_a_proxy_that_is_trusted)
{
    start(true, "127.0.0.0/8");
    expect_ends(ENDS("/ends", TOLD), "192.0.2.1 4000 https example.org");
    expect_ends(ENDS("/ends", "X-Forwarded-For: 192.0.2.1, 127.0.0.7\r\n"),
                "192.0.2.1 0 http h:80");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(forwarding, is_not_believed_from_a_stranger)
{
    start(true, "10.0.0.0/8");
    expect_ends(ENDS("/ends", TOLD), "127.0.0.1 %u http h:80");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(forwarding, leaves_the_fields_as_they_came)
{
    start(true, NULL);
    const char *answer = client_ask_once(ENDS("/show", TOLD));
    cr_expect(strstr(answer, "192.0.2.66, 192.0.2.1:4000\n") != NULL, "%s", answer);
    cr_expect(strstr(answer, "Host=4 h:80\n") != NULL, "%s", answer);
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Each answer is the log's own, so that nothing of one request is remembered for the next one. */
Test(forwarding, gives_the_access_log_the_client_that_is_believed)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
    start(true, NULL);
    int fd = client_connect();
    (void)client_ask(fd, ENDS("/", TOLD));
    (void)client_ask(fd, ENDS("/", ""));
    (void)client_ask(fd, ENDS("/", "X-Forwarded-For: 192.0.2.2\r\nHost: twice\r\n"));
    (void)close(fd);
    cr_expect_eq(served_end_by_quit(), 0);
    const char *line = folder_read("access");
    static const char *const clients[] = {"192.0.2.1 - - [", "127.0.0.1 - - [", "127.0.0.1 - - ["};
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(strncmp(line, clients[i], strlen(clients[i])), 0, "%zu: %s", i, line);
        line = strchr(line, '\n');
        cr_assert_neq(line, NULL);
        line++;
    }
    cr_expect_str_eq(line, "");
}

Test(forwarding, is_known_behind_the_answer_and_the_local_end_if_it_was_asked_for_before)
{
    char early[128];
    start(true, NULL);
    (void)client_ask_once(ENDS("/ends-late", TOLD));
    served_await_log("192.0.2.1 4000 https example.org 127.0.0.1  0\n");
    (void)client_ask_once(ENDS("/ends-late?early=1", TOLD));
    (void)snprintf(early, sizeof early, "192.0.2.1 4000 https example.org 127.0.0.1 127.0.0.1 %u\n",
                   served_port);
    served_await_log(early);
    cr_expect_eq(served_end_by_quit(), 0);
}

static void fail_getsockname(void)
{
    faulty_arm(FAULTY_getsockname, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
}

Test(forwarding, does_without_a_local_end_that_the_system_does_not_tell)
{
    faulty_arm(FAULTY_fork, FAULTY_ONCE, 1000, FAULTY_HERE);
    (void)faulty_disarm();
    served_prologue = fail_getsockname;
    start(false, NULL);
    const char *answer = client_ask_once(ENDS("/ends", ""));
    cr_expect(strstr(answer, " http h:80 127.0.0.1  0") != NULL, "%s", answer);
    cr_expect_eq(served_end_by_quit(), 0);
}
