#include "manager/herald_keeper.h"

#include "sys/clock.h"
#include "sys/log.h"
#include "sys/signals.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void herald_keeper_init(struct herald_keeper *keeper)
{
    keeper->pid = 0;
    herald_life_init(&keeper->life);
}

static enum herald_order decide(struct herald_keeper *keeper, enum herald_event event)
{
    enum herald_order order = HERALD_ORDER_NOTHING;
    enum error error = herald_life_decide(&keeper->life, event, clock_monotonic_us(), &order);
    assert(error == ERROR_NONE);
    return order;
}

static void start(struct herald_keeper *keeper, int (*run)(void *context, bool is_quiet),
                  void *context)
{
    bool is_quiet = !herald_life_is_fresh(&keeper->life);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run(context, is_quiet));
    if (pid < 0)
        log_write(LOG_LEVEL_ERROR, "The process that publishes could not be forked: %s",
                  strerror(errno));
    else
        keeper->pid = (int32_t)pid;
    (void)decide(keeper, pid < 0 ? HERALD_EVENT_NOT_STARTED : HERALD_EVENT_STARTED);
}

void herald_keeper_pass(struct herald_keeper *keeper, bool is_wanted,
                        int (*run)(void *context, bool is_quiet), void *context)
{
    switch (decide(keeper, is_wanted ? HERALD_EVENT_WANTED : HERALD_EVENT_UNWANTED)) {
    case HERALD_ORDER_NOTHING:
        return;
    case HERALD_ORDER_START:
        start(keeper, run, context);
        return;
    case HERALD_ORDER_KILL:
        (void)kill(keeper->pid, SIGKILL);
        return;
    }
}

bool herald_keeper_heed(struct herald_keeper *keeper, const struct process_end *end)
{
    if (keeper->pid == 0 || end->pid != keeper->pid)
        return false;
    if (end->signal != 0 && keeper->life.state == HERALD_RUNNING)
        log_write(LOG_LEVEL_WARN,
                  "The process that publishes, %d, was ended by signal %s; there will be another",
                  (int)end->pid, signals_name(end->signal));
    keeper->pid = 0;
    (void)decide(keeper,
                 end->status == HERALD_STATUS_USELESS ? HERALD_EVENT_USELESS : HERALD_EVENT_LOST);
    return true;
}

void herald_keeper_reopen_log(const struct herald_keeper *keeper)
{
    if (keeper->pid != 0)
        (void)kill(keeper->pid, SIGUSR1);
}

void herald_keeper_release(struct herald_keeper *keeper)
{
    if (keeper->pid != 0)
        process_kill(keeper->pid);
    keeper->pid = 0;
}
