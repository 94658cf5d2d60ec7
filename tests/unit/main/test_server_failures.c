/* A server that cannot start says why, starts nothing and leaves nothing (promise CLI-5). */
#include "captured.h"
#include "serving.h"

#include "kit/child.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/pid_file.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void begin(void)
{
    serving_open();
    /* The plan must be there before a child shares it. */
    faulty_arm(FAULTY_open, FAULTY_ONCE, 1, FAULTY_HERE);
    (void)faulty_disarm();
}

TestSuite(server_failures, .init = begin, .fini = serving_close);

#define BASE "pid_file => '@/pid', workers => 1"
#define ANYWHERE "{listen => ['http://127.0.0.1:0'], log_file => '@/log', " BASE "}"

/* Promise LSN-7 */
Test(server_failures, name_an_address_in_use)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    char config[256];
    char reason[128];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, size), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    unsigned port = ntohs(name.sin_port);
    /* The first address is given back. */
    (void)snprintf(config, sizeof config,
                   "{listen => ['http://127.0.0.1:0', 'http://127.0.0.1:%u'], " BASE "}", port);
    (void)snprintf(reason, sizeof reason, "Invalid listen value \"http://127.0.0.1:%u\"", port);
    serving_expect_failure(config, reason);
    serving_expect_failure(config, "in use");
    (void)close(fd);
}

Test(server_failures, name_a_directory_without_room_for_the_lock)
{
    (void)setenv("MOJO_TMPDIR", folder_path("absent"), 1);
    serving_expect_failure("{listen => ['http://127.0.0.1:0'], " BASE "}",
                           "cannot create a lock file in");
}

Test(server_failures, name_what_the_application_refuses)
{
    (void)setenv("MODULE_FAILS", "1", 1);
    serving_expect_failure("{listen => ['http://127.0.0.1:0'], " BASE "}",
                           "good.so\" failed to initialize (7)");
}

static int own_pid_file(void *context)
{
    static struct pid_file file;
    struct problem problem;
    pid_file_init(&file, context);
    child_demand(pid_file_draft(&file, 0, &problem) == ERROR_NONE);
    child_demand(pid_file_publish(&file, &problem) == ERROR_NONE);
    (void)pause();
    return 0;
}

static bool is_there(void *context)
{
    return folder_has(context);
}

/* Promise LSN-5 */
Test(server_failures, name_a_descriptor_that_is_no_socket)
{
    serving_expect_failure("{listen => ['http://127.0.0.1:80?fd=60'], " BASE "}",
                           "Invalid listen value \"http://127.0.0.1:80?fd=60\": descriptor 60 is "
                           "no socket that listens");
}

static void inherit_both_kinds(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int internet = socket(AF_INET, SOCK_STREAM, 0);
    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    child_demand(bind(internet, (struct sockaddr *)&name, sizeof name) == 0);
    child_demand(bind(local, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(sa_family_t)) == 0);
    child_demand(listen(internet, 5) == 0 && listen(local, 5) == 0);
    child_demand(dup2(internet, 60) == 60 && dup2(local, 61) == 61);
    child_demand(close(internet) == 0 && close(local) == 0);
}

/* Promise LSN-5 */
Test(server_failures, name_a_descriptor_of_the_other_kind)
{
    static const char *const rows[][2] = {
        {"{listen => ['file:///run/x.sock?fd=60'], " BASE "}",
         "descriptor 60 is no UNIX domain socket; http://*?fd=N takes it"},
        {"{listen => ['http://127.0.0.1:80?fd=61'], " BASE "}",
         "descriptor 61 is a UNIX domain socket; file:///PATH?fd=N takes it"},
    };
    serving_prologue = inherit_both_kinds;
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(child_wait(serving_start(rows[i][0])), 1);
        cr_expect(strstr(captured_errors(), rows[i][1]) != NULL, "%s", captured_errors());
    }
}

static int bind_path(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", folder_path("live"));
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

/* Promises LSN-2, CLI-5: what was opened before is gone again. */
Test(server_failures, name_a_path_that_cannot_be_had)
{
    int fd = bind_path();
    serving_expect_failure("{listen => ['file://@/a.sock', 'file://@/live'], " BASE "}",
                           "/live\": cannot listen on \"");
    serving_expect_failure("{listen => ['file://@/a.sock', 'http+unix://@/a.sock'], " BASE "}",
                           "Address already in use");
    serving_expect_failure("{listen => ['file://@/a.sock', 'file://@/conf'], " BASE "}",
                           "is there already and is not a socket");
    serving_expect_failure("{listen => ['file://@/a.sock', 'file://@/no/sock'], " BASE "}",
                           "No such file or directory");
    (void)setenv("MODULE_FAILS", "1", 1);
    serving_expect_failure("{listen => ['file://@/a.sock'], " BASE "}", "failed to initialize (7)");
    cr_expect_not(folder_has("a.sock"));
    cr_expect(folder_has("live"));
    (void)close(fd);
}

/* Promise PID-4 */
Test(server_failures, name_the_server_that_is_running)
{
    static char path[1024];
    char reason[128];
    (void)snprintf(path, sizeof path, "%s", folder_path("pid"));
    pid_t owner = child_start(own_pid_file, path);
    cr_assert(patience_holds(is_there, "pid"));
    (void)snprintf(reason, sizeof reason, "belongs to server %d, which is running; end it with",
                   (int)owner);
    cr_expect_eq(serving_end(serving_start(ANYWHERE)), 1);
    cr_expect(strstr(captured_errors(), reason) != NULL, "%s", captured_errors());
    cr_expect(folder_has("pid"), "it is somebody else's");
    cr_expect_not(folder_has("log"));
    (void)kill(owner, SIGTERM);
    cr_expect_eq(child_wait(owner), CHILD_SIGNALLED + SIGTERM);
}

/* ---- Every call that fails ---- */

static struct {
    enum faulty_call call;
    enum faulty_way way;
    unsigned at;
} fault;

static void arm(void)
{
    faulty_arm(fault.call, fault.way, fault.at, FAULTY_HERE);
}

static bool is_over_or_ready(void *context)
{
    return serving->has_returned || strstr(captured_out(), context) != NULL;
}

static const char *scheme = "http";

/* One life; false if it did not come to the `at`-th call. */
static bool attempt(void)
{
    char config[256];
    char place[128];
    (void)snprintf(place, sizeof place, "%s() number %u fails %s", faulty_call_text(fault.call),
                   fault.at, faulty_way_text(fault.way));
    (void)snprintf(
        config, sizeof config,
        "{listen => ['%s://127.0.0.1:0', 'file://@/sock'], log_file => '@/log', " BASE "}", scheme);
    pid_t server = serving_start(config);
    cr_assert(patience_holds(is_over_or_ready, "Server available"), "%s", place);
    bool is_ready = strstr(captured_out(), "Server available") != NULL;
    if (is_ready)
        (void)kill(server, SIGTERM);
    int status = serving_end(server);
    bool has_struck = faulty_disarm() > 0;
    cr_expect_eq(status, is_ready ? 0 : 1, "%s: %d", place, status);
    cr_expect(has_struck || is_ready, "%s: it was not disturbed: %s", place, captured_errors());
    const char *errors = captured_errors();
    bool says_why = strncmp(errors, "hypnotoad: ", 11) == 0 && strstr(errors, "Success") == NULL;
    cr_expect(is_ready || says_why || strstr(folder_read("log"), "] error ") != NULL, "%s: %s",
              place, errors);
    /* Promise LSN-2; a server that can lock nothing, or ask nobody, leaves it as if it was killed.
     */
    bool may_stay = fault.call == FAULTY_open || fault.call == FAULTY_socket;
    cr_expect(may_stay || !folder_has("sock"), "%s: the path stays", place);
    (void)unlink(folder_path("sock"));
    return has_struck;
}

static void try_all(const enum faulty_call *calls, size_t count)
{
    serving_prologue = arm;
    for (size_t i = 0; i < count; i++)
        for (unsigned way = FAULTY_ONCE; way <= FAULTY_FROM_THEN_ON; way *= 2) {
            fault.call = calls[i];
            fault.way = (enum faulty_way)way;
            for (fault.at = 1; attempt(); fault.at++)
                continue;
            cr_expect_gt(fault.at, 1, "it never calls %s()", faulty_call_text(fault.call));
        }
}

Test(server_failures, name_the_call_that_failed)
{
    static const enum faulty_call calls[] = {
        FAULTY_open,        FAULTY_socket,      FAULTY_bind,     FAULTY_listen,
        FAULTY_getsockname, FAULTY_getaddrinfo, FAULTY_mkostemp, FAULTY_getrlimit,
        FAULTY_pipe2,       FAULTY_signalfd,    FAULTY_chmod,
    };
    try_all(calls, sizeof calls / sizeof calls[0]);
}

/* Promise LSN-3 */
Test(server_failures, name_the_call_that_failed_for_tls)
{
    static const enum faulty_call calls[] = {FAULTY_CRYPTO_secure_zalloc, FAULTY_memfd_create};
    scheme = "https";
    try_all(calls, sizeof calls / sizeof calls[0]);
}
