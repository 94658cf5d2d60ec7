#include "manager/observe.h"

#include "base/limits.h"
#include "sys/channel.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* How often a lost PID file is noticed (promise PID-3: within a second). */
#define FILE_CHECK_US (SECOND_US / 2)
/* Bounds of one pass, so that a flood of lines cannot keep the manager from its other duties. */
enum {
    READS_MAX = 64,
    REAPS_MAX = 4096,
    SIGNALS_MAX = 64
};

static int milliseconds_until(int64_t deadline_us, int64_t now_us)
{
    if (deadline_us <= now_us)
        return 0;
    int64_t wait_ms = (deadline_us - now_us + MILLISECOND_US - 1) / MILLISECOND_US;
    return wait_ms < 1000 ? (int)wait_ms : 1000;
}

void observe_wait(const struct manager_process *process)
{
    int64_t wake_us = process->manager.wake_us;
    if (process->file_check_us < wake_us)
        wake_us = process->file_check_us;
    struct pollfd watched[5 + ASKERS_MAX + 1] = {
        {.fd = process->signal_fd, .events = POLLIN},
        {.fd = process->pipe_reader, .events = POLLIN},
        {.fd = process->successor.channel, .events = POLLIN},
        {.fd = process->successor.errors_fd, .events = POLLIN},
        {.fd = process->predecessor, .events = POLLIN},
    };
    size_t count = 5 + askers_watch(&process->askers, watched + 5);
    /* An error, EINTR for one, only means that the world is looked at earlier. */
    (void)poll(watched, count, milliseconds_until(wake_us, clock_monotonic_us()));
}

/* Returns the time up to which everything was heard that workers have said. */
static int64_t observe_heartbeats(struct manager_process *process)
{
    char chunk[4096];
    int64_t heard_us = clock_monotonic_us();
    for (int i = 0; i < READS_MAX && !process->is_over; i++) {
        ssize_t size = read(process->pipe_reader, chunk, sizeof chunk);
        if (size <= 0)
            break;
        manager_feed(process, &(struct manager_event){.kind = MANAGER_EVENT_PIPE,
                                                      .chunk = {chunk, (size_t)size}});
        heard_us = clock_monotonic_us();
    }
    return heard_us;
}

/* The last words of a dead child are heeded before its death, and before its pid can be another's.
 */
static void observe_children(struct manager_process *process)
{
    int32_t pid = 0;
    struct process_end end;
    for (int i = 0; i < REAPS_MAX && !process->is_over && process_find_ended(&pid) == ERROR_NONE;
         i++) {
        (void)observe_heartbeats(process);
        if (process->is_over || process_reap(pid, &end) != ERROR_NONE)
            return;
        if (herald_keeper_heed(&process->herald, &end))
            continue;
        manager_feed(process, &(struct manager_event){.kind = MANAGER_EVENT_EXITED,
                                                      .pid = end.pid,
                                                      .exit_status = end.status,
                                                      .exit_signal = end.signal});
    }
}

static bool event_of_signal(int number, struct manager_event *ret_event)
{
    struct manager_event event = {.kind = MANAGER_EVENT_TICK};
    switch (number) {
    case SIGINT:
    case SIGTERM:
        event.kind = MANAGER_EVENT_STOP_NOW;
        break;
    case SIGQUIT:
        event.kind = MANAGER_EVENT_STOP_GRACEFULLY;
        break;
    case SIGTTIN:
        event.kind = MANAGER_EVENT_ONE_MORE;
        break;
    case SIGTTOU:
        event.kind = MANAGER_EVENT_ONE_LESS;
        event.dice = arc4random();
        break;
    case SIGUSR2:
    case SIGHUP:
        event.kind = MANAGER_EVENT_UPGRADE;
        break;
    case SIGUSR1:
        event.kind = MANAGER_EVENT_REOPEN_LOGS;
        break;
    default: /* CHLD: only wakes the loop up */
        return false;
    }
    *ret_event = event;
    return true;
}

/* Taken before the children are looked at: the CHLD of one that ends after that look must still be
 * there to end the next wait. */
static int take_signals(const struct manager_process *process, int numbers[SIGNALS_MAX])
{
    int count = 0;
    while (count < SIGNALS_MAX && signals_read(process->signal_fd, &numbers[count]) == ERROR_NONE)
        count++;
    return count;
}

static void observe_signals(struct manager_process *process, const int *numbers, int count)
{
    struct manager_event event;
    for (int i = 0; i < count && !process->is_over; i++)
        if (event_of_signal(numbers[i], &event))
            manager_feed(process, &event);
}

/* The end of its channel says nothing that the end of the child does not say better. */
static void observe_successor(struct manager_process *process)
{
    char word = 0;
    enum error error = ERROR_AGAIN;
    successor_relay(&process->successor, &process->askers);
    while (!process->is_over && process->successor.channel >= 0 &&
           (error = channel_receive(process->successor.channel, &word)) == ERROR_NONE)
        if (word == TAKEOVER_READY)
            manager_feed(process, &(struct manager_event){.kind = MANAGER_EVENT_UPGRADE_READY});
    if (error == ERROR_CLOSED)
        process_close(&process->successor.channel);
}

/* One word is all that the old manager ever says. */
static void observe_predecessor(struct manager_process *process)
{
    char word = 0;
    if (process->is_over || process->predecessor < 0)
        return;
    enum error error = channel_receive(process->predecessor, &word);
    if (error == ERROR_AGAIN)
        return;
    process_close(&process->predecessor);
    struct manager_event event = {.kind = MANAGER_EVENT_PREDECESSOR_GONE};
    process->has_agreement = error == ERROR_NONE && word == TAKEOVER_COMMIT;
    if (process->has_agreement)
        event.kind = MANAGER_EVENT_UPGRADE_COMMITTED;
    else if (error == ERROR_NONE)
        event.kind = MANAGER_EVENT_UPGRADE_ABORTED;
    manager_feed(process, &event);
}

static const char *refusal_of(const struct manager *manager)
{
    if (manager->phase != MANAGER_RUNNING)
        return "the server is starting or stopping";
    return manager->upgrade.life == UPGRADE_IDLE ? NULL
                                                 : "another hot deployment is under way already";
}

static void observe_askers(struct manager_process *process)
{
    if (!process->is_over &&
        askers_observe(&process->askers, process->job->applications, refusal_of(&process->manager)))
        manager_feed(process, &(struct manager_event){.kind = MANAGER_EVENT_UPGRADE});
}

static void observe_pid_file(struct manager_process *process, int64_t now_us)
{
    if (process->is_over || now_us < process->file_check_us)
        return;
    process->file_check_us = now_us + FILE_CHECK_US;
    if (pid_file_is_lost(&process->pid_file))
        manager_feed(process, &(struct manager_event){.kind = MANAGER_EVENT_PID_FILE_LOST});
}

/* The loop comes round at least once a second: a longer gap means that this process did not run. */
static bool was_held_up(const struct manager_process *process, int64_t now_us)
{
    return now_us - process->passed_us > SECOND_US + process->job->settings.heartbeat_interval_us;
}

static void observe_time(struct manager_process *process, int64_t now_us)
{
    if (!process->is_over && was_held_up(process, now_us))
        manager_feed(process, &(struct manager_event){.kind = MANAGER_EVENT_HELD_UP});
    process->passed_us = now_us;
    if (process->is_over || now_us < process->manager.wake_us)
        return;
    /* Whatever has held this process up since it looked at the pipe: nobody is silent who has
     * spoken meanwhile. */
    int64_t heard_us = observe_heartbeats(process);
    if (!process->is_over)
        manager_feed_at(process, &(struct manager_event){.kind = MANAGER_EVENT_TICK}, heard_us);
}

void observe_all(struct manager_process *process)
{
    int64_t now_us = clock_monotonic_us();
    int numbers[SIGNALS_MAX];
    int count = take_signals(process, numbers);
    (void)observe_heartbeats(process);
    observe_children(process);
    observe_successor(process);
    observe_predecessor(process);
    observe_signals(process, numbers, count);
    observe_askers(process);
    observe_pid_file(process, now_us);
    observe_time(process, now_us);
}
