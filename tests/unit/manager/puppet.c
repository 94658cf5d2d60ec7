#include "puppet.h"

#include "kit/child.h"
#include "kit/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TURN_US 2000

struct stage *stage;

void stage_open(void)
{
    stage = child_shared(sizeof *stage);
    stage->beat_every_us = 50000;
}

static void say(int fd, const char *text, size_t size)
{
    ssize_t written = write(fd, text, size);
    (void)written;
}

/* As a line that several reads take in, with everything before it that a pipe may ever carry. */
static void say_in_pieces(int fd, const char *line)
{
    static const char *const garbage[] = {"\n",
                                          "abc\n",
                                          "99999999999999999999999\n",
                                          "1:2:3\n",
                                          ":\n",
                                          "-5\n",
                                          "1073741823\n",
                                          "1073741823:1\n",
                                          "12345678901234567890123456789012345678901234567890\n"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++)
        say(fd, garbage[i], strlen(garbage[i]));
    say(fd, "\0\xff\n", 3);
    for (const char *byte = line; *byte != '\0'; byte++) {
        say(fd, byte, 1);
        patience_sleep_us(1000);
    }
}

static void beat(struct puppet *puppet, enum puppet_part part, int fd)
{
    char line[32];
    int64_t begun_us = patience_now_us();
    puppet->beats++;
    (void)snprintf(line, sizeof line, "%d%s\n", (int)puppet->pid, puppet->must_leave ? ":1" : "");
    if (part == PUPPET_TORN)
        say_in_pieces(fd, line);
    else
        say(fd, line, strlen(line));
    /* A puppet may be stopped at any moment: what is not written is no beat. */
    puppet->beat_us = begun_us;
}

static bool is_beating(const struct puppet *puppet, enum puppet_part part)
{
    if (part == PUPPET_MUTE || (part == PUPPET_SILENT && puppet->beats > 0))
        return false;
    return puppet->beats == 0 || patience_now_us() - puppet->beat_us >= stage->beat_every_us;
}

/* Promise HBT-5: a pipe that is full costs a beat, and nothing waits. */
static void flood(struct puppet *puppet, int fd)
{
    char line[32];
    (void)snprintf(line, sizeof line, "%d\n", (int)puppet->pid);
    while (write(fd, line, strlen(line)) > 0)
        continue;
    puppet->is_full = errno == EAGAIN;
    puppet->must_flood = false;
}

static void hear(struct puppet *puppet, enum puppet_part part, int number)
{
    switch (number) {
    case SIGQUIT:
        if (puppet->quits++ == 0)
            puppet->quit_us = patience_now_us();
        if (part != PUPPET_STUBBORN && part != PUPPET_DEAF)
            _exit(0);
        return;
    case SIGTERM:
        if (puppet->terms++ == 0)
            puppet->term_us = patience_now_us();
        if (part != PUPPET_DEAF)
            _exit(0);
        return;
    case SIGUSR1:
        puppet->reopens++;
        return;
    default:
        return;
    }
}

static bool is_ended(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, 0) != 0;
}

static void live(struct puppet *puppet, const enum puppet_part *part, int heartbeat_fd, int life_fd,
                 int gate_fd)
{
    sigset_t all;
    struct timespec turn = {.tv_nsec = TURN_US * 1000};
    (void)sigfillset(&all);
    while (!is_ended(life_fd)) {
        if (is_beating(puppet, *part))
            beat(puppet, *part, heartbeat_fd);
        if (puppet->must_flood)
            flood(puppet, heartbeat_fd);
        puppet->is_let_in = puppet->is_let_in || is_ended(gate_fd);
        if (puppet->must_exit != 0)
            _exit(puppet->must_exit);
        int number = sigtimedwait(&all, NULL, &turn);
        if (number > 0)
            hear(puppet, *part, number);
    }
}

int puppet_run(void *context, int heartbeat_fd, int life_fd, int gate_fd)
{
    (void)context;
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    child_bind_to_parent();
    unsigned number = __atomic_fetch_add(&stage->count, 1, __ATOMIC_SEQ_CST);
    if (number >= PUPPETS_MAX)
        _exit(1);
    struct puppet *puppet = &stage->puppets[number];
    const char *mark = getenv("HYPNOTOAD_WORKER");
    puppet->started_us = patience_now_us();
    puppet->is_marked = mark != NULL && strcmp(mark, "1") == 0;
    puppet->open = descriptors_look();
    puppet->pid = getpid();
    if (stage->parts[number] == PUPPET_DYING)
        _exit(PUPPET_EXIT_YOUNG);
    live(puppet, &stage->parts[number], heartbeat_fd, life_fd, gate_fd);
    _exit(0);
}
