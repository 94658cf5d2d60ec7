#include "served.h"

#include "kit/child.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "played.h"
#include "sys/log.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct served *served;
pid_t worker;
uint16_t served_port;
int heartbeats_fd = -1;
void (*served_prologue)(void);
bool served_skips_leaks;
bool served_is_shut_out;
bool served_has_no_gate;

static int listener_fd = -1;
static int lock_fd = -1;
static int heartbeat_writer = -1;
static int life_reader = -1;
static int life_writer = -1;
static int gate_reader = -1;
static int gate_writer = -1;
static char log_path[1024];

static void demand(bool is_done, const char *what)
{
    if (is_done)
        return;
    perror(what);
    abort();
}

static void open_listener(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    int one = 1;
    /* What is accepted inherits it: a client that does not read is noticed soon. */
    int buffer_size = 16384;
    listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    demand(listener_fd >= 0, "socket");
    demand(setsockopt(listener_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "nodelay");
    demand(setsockopt(listener_fd, SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof buffer_size) == 0,
           "sndbuf");
    demand(bind(listener_fd, (struct sockaddr *)&name, size) == 0, "bind");
    demand(listen(listener_fd, 64) == 0, "listen");
    demand(getsockname(listener_fd, (struct sockaddr *)&name, &size) == 0, "getsockname");
    served_port = ntohs(name.sin_port);
}

static void open_pipe(bool is_nonblocking, int *reader, int *writer)
{
    int ends[2];
    demand(pipe2(ends, O_CLOEXEC | (is_nonblocking ? O_NONBLOCK : 0)) == 0, "pipe2");
    *reader = ends[0];
    *writer = ends[1];
}

static void open_all(void)
{
    folder_open();
    open_listener();
    lock_fd = open(folder_path("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    demand(lock_fd >= 0, "lock");
    (void)snprintf(log_path, sizeof log_path, "%s", folder_path("log"));
    open_pipe(true, &heartbeats_fd, &heartbeat_writer);
    open_pipe(false, &life_reader, &life_writer);
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void close_all(void)
{
    close_one(&listener_fd);
    close_one(&lock_fd);
    close_one(&heartbeats_fd);
    close_one(&heartbeat_writer);
    close_one(&life_reader);
    close_one(&life_writer);
    close_one(&gate_reader);
    close_one(&gate_writer);
    folder_close();
}

void served_open(void)
{
    served = child_shared(sizeof *served);
    open_all();
}

void served_close(void)
{
    close_all();
}

void served_begin_anew(void)
{
    close_all();
    open_all();
    memset(served, 0, sizeof *served);
}

struct worker_settings served_settings(void)
{
    return (struct worker_settings){
        .limits = {.accepts = 0, .clients = 100},
        .session = {.keep_alive_timeout_us = PATIENCE_US,
                    .header_timeout_us = PATIENCE_US,
                    .inactivity_timeout_us = PATIENCE_US,
                    .linger_timeout_us = PATIENCE_US},
        .heartbeat_interval_us = PATIENCE_US,
        .graceful_timeout_us = PATIENCE_US,
        .message_max_bytes = 1 << 24,
        .websocket = {.websocket_timeout_us = PATIENCE_US,
                      .close_timeout_us = PATIENCE_US,
                      .linger_timeout_us = PATIENCE_US},
        .websocket_extension = {.may_compress = true,
                                .server_window_bits_most = 15,
                                .client_window_bits_most = 15},
        .websocket_max_bytes = 1 << 18,
        .app = &played_app,
        .generation = 3,
        .lock_fd = lock_fd,
        .listener_count = 1,
        .listeners = {{.fd = listener_fd}},
    };
}

static int serve(void *context)
{
    const struct worker_settings *settings = context;
    close_one(&heartbeats_fd);
    close_one(&life_writer);
    close_one(&gate_writer);
    child_demand(log_open(log_path) == ERROR_NONE);
    if (served_prologue != NULL)
        served_prologue();
    served->before = descriptors_look();
    int status = worker_run(settings, heartbeat_writer, life_reader, gate_reader);
    served->after = descriptors_look();
    served->has_returned = true;
    (void)faulty_disarm();
    return served_skips_leaks ? status : child_check_leaks(status);
}

void served_start(const struct worker_settings *settings)
{
    if (!served_has_no_gate)
        open_pipe(false, &gate_reader, &gate_writer);
    if (!served_is_shut_out)
        close_one(&gate_writer);
    worker = child_start(serve, (void *)(uintptr_t)settings);
    close_one(&heartbeat_writer);
    close_one(&life_reader);
    close_one(&gate_reader);
}

void served_send(int number)
{
    cr_assert_eq(kill(worker, number), 0);
}

void served_orphan(void)
{
    close_one(&life_writer);
}

int served_gate_fd(void)
{
    return gate_reader;
}

void served_open_gate(void)
{
    cr_assert_eq(write(gate_writer, "!", 1), 1);
}

void served_let_in(void)
{
    close_one(&gate_writer);
}

/* Its pipes, its listener if it came to serve, and nothing else. */
static void check_descriptors(int status)
{
    size_t before = descriptors_count(&served->before);
    size_t after = descriptors_count(&served->after);
    size_t pipes = served_has_no_gate ? 2 : 3;
    cr_expect(after + pipes <= before && after + pipes + 1 >= before,
              "(status %d) open before:\n%sopen after:\n%s", status, served->before.text,
              served->after.text);
}

int served_end(void)
{
    int status = child_wait(worker);
    if (status != CHILD_SIGNALLED + SIGALRM && status != CHILD_SIGNALLED + SIGTERM) {
        cr_expect(served->has_returned, "it ended with %d:\n%s", status, folder_read("log"));
        check_descriptors(status);
    }
    return status;
}

int served_end_by_quit(void)
{
    served_send(SIGQUIT);
    return served_end();
}

void served_expect_good_end(void)
{
    cr_expect_eq(served_end_by_quit(), 0);
    cr_expect_eq(served->stops, 1);
}

static bool is_logged(void *context)
{
    return strstr(folder_read("log"), context) != NULL;
}

void served_await_log(const char *part)
{
    cr_assert(patience_holds(is_logged, (void *)(uintptr_t)part), "\"%s\" is not in the log:\n%s",
              part, folder_read("log"));
}

struct awaited {
    const unsigned *counter;
    unsigned value;
};

static bool is_reached(void *context)
{
    const struct awaited *awaited = context;
    return *(const volatile unsigned *)awaited->counter >= awaited->value;
}

void served_await(const unsigned *counter, unsigned value)
{
    struct awaited awaited = {counter, value};
    cr_assert(patience_holds(is_reached, &awaited), "it is %u, not %u; the log:\n%s", *counter,
              value, folder_read("log"));
}

unsigned served_count_log(const char *part)
{
    unsigned count = 0;
    for (const char *text = folder_read("log"); (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

const char *served_heartbeats(void)
{
    static char text[4096];
    ssize_t size = read(heartbeats_fd, text, sizeof text - 1);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

int64_t served_cpu_us(void)
{
    clockid_t clock = 0;
    struct timespec used = {.tv_sec = 0};
    cr_assert_eq(clock_getcpuclockid(worker, &clock), 0);
    cr_assert_eq(clock_gettime(clock, &used), 0);
    return (int64_t)used.tv_sec * SECOND_US + used.tv_nsec / 1000;
}
