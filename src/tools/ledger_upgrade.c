#include "tools/ledger_upgrade.h"

#include <stdarg.h>
#include <stdio.h>

const char *ledger_blame(struct problem *problem, const char *promise, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(problem->text, sizeof problem->text, format, values);
    va_end(values);
    return promise;
}

static bool is_ready(const struct ledger *ledger)
{
    return ledger->spawning == 0 && ledger_count_ready(ledger) >= ledger->wanted;
}

/* The manager may serve, from now on or since long. */
static bool may_serve(const struct ledger *ledger)
{
    if (ledger->ending != LEDGER_ENDING_NONE)
        return false;
    if (ledger->is_announced || ledger->is_agreed)
        return true;
    return ledger->predecessor == 0 && (is_ready(ledger) || ledger->has_asked);
}

static const char *judge_write(struct ledger *ledger, struct problem *problem)
{
    if (!may_serve(ledger))
        return ledger_blame(problem, ledger->predecessor != 0 ? "PID-2" : "PID-1",
                            "the PID file is written by a manager that does not serve");
    if (ledger->has_pid_file && ledger->event != MANAGER_EVENT_PID_FILE_LOST)
        return ledger_blame(problem, "PID-3", "the PID file is written again, but it was not lost");
    if (ledger->upgrade.is_committed)
        return ledger_blame(problem, "PID-2",
                            "the PID file is written, but the new manager %d has taken over",
                            ledger->upgrade.pid);
    ledger->has_pid_file = true;
    return NULL;
}

static const char *judge_remove(struct ledger *ledger, struct problem *problem)
{
    if (!ledger->has_pid_file)
        return ledger_blame(problem, "PID-1", "a PID file is removed that is not this manager's");
    if (ledger->ending == LEDGER_ENDING_NONE || ledger->count + ledger->spawning > 0)
        return ledger_blame(problem, "PID-1", "the PID file is removed before the manager's end");
    ledger->has_pid_file = false;
    return NULL;
}

static const char *judge_announce(struct ledger *ledger, struct problem *problem)
{
    if (ledger->is_announced)
        return ledger_blame(problem, "CLI-6", "the server is announced again");
    if (!may_serve(ledger))
        return ledger_blame(problem, "CLI-6", "the server is announced, but %u of %u workers serve",
                            ledger_count_ready(ledger), ledger->wanted);
    if (!ledger->has_pid_file)
        return ledger_blame(problem, "PID-1", "the server is announced without its PID file");
    ledger->is_announced = true;
    return NULL;
}

static const char *judge_begin(struct ledger *ledger, struct problem *problem)
{
    struct ledger_upgrade *upgrade = &ledger->upgrade;
    if (upgrade->is_asked || upgrade->pid != 0)
        return ledger_blame(problem, "MGR-7", "a hot deployment begins, but one is under way");
    if (ledger->event != MANAGER_EVENT_UPGRADE || !ledger->is_announced ||
        ledger->ending != LEDGER_ENDING_NONE)
        return ledger_blame(problem, "MGR-7",
                            "a hot deployment begins that nobody may ask for now");
    upgrade->is_asked = true;
    return NULL;
}

static const char *judge_commit(struct ledger *ledger, const struct trace_action *action,
                                struct problem *problem)
{
    const struct ledger_upgrade *before = &ledger->upgrade;
    if (before->is_committed)
        return ledger_blame(problem, "UPG-2", "manager %d is told again to take over", action->pid);
    if (before->is_aborted)
        return ledger_blame(problem, "UPG-2",
                            "manager %d is told to take over after it was given up", action->pid);
    if (action->pid != before->pid)
        return ledger_blame(problem, "UPG-2", "manager %d is told to take over, but %d was made",
                            action->pid, before->pid);
    if (ledger->event != MANAGER_EVENT_UPGRADE_READY)
        return ledger_blame(problem, "UPG-1", "manager %d is told to take over before it asks",
                            action->pid);
    ledger->upgrade.is_committed = true;
    ledger->has_pid_file = false;
    return NULL;
}

static const char *judge_abort(struct ledger *ledger, const struct trace_action *action,
                               struct problem *problem)
{
    struct ledger_upgrade *upgrade = &ledger->upgrade;
    if (upgrade->is_committed || upgrade->is_aborted)
        return ledger_blame(problem, "UPG-2", "manager %d is given up after it was %s", action->pid,
                            upgrade->is_aborted ? "given up" : "told to take over");
    if (action->pid != upgrade->pid)
        return ledger_blame(problem, "UPG-2", "manager %d is given up, but %d was made",
                            action->pid, upgrade->pid);
    bool is_late = ledger->event == MANAGER_EVENT_TICK &&
                   ledger->now_us >= upgrade->began_us + ledger->settings.upgrade_timeout_us;
    if (!is_late && ledger->event != MANAGER_EVENT_UPGRADE_FAILED &&
        ledger->ending == LEDGER_ENDING_NONE)
        return ledger_blame(problem, "UPG-4", "manager %d is given up before its time is over",
                            action->pid);
    upgrade->is_aborted = true;
    return NULL;
}

static const char *judge_end(struct ledger *ledger, struct problem *problem)
{
    struct ledger_upgrade *upgrade = &ledger->upgrade;
    bool is_over = upgrade->pid != 0
                       ? ledger->event == MANAGER_EVENT_EXITED && ledger->event_pid == upgrade->pid
                       : upgrade->is_asked && ledger->event == MANAGER_EVENT_UPGRADE_FAILED;
    if (!is_over)
        return ledger_blame(problem, "UPG-5", "the hot deployment is over, but nothing says so");
    /* Who has agreed and ends may remove it: it may never have become the other's. */
    ledger->has_pid_file =
        ledger->has_pid_file || (upgrade->is_committed && ledger->ending != LEDGER_ENDING_NONE);
    *upgrade = (struct ledger_upgrade){0};
    return NULL;
}

static const char *judge_ask(struct ledger *ledger, struct problem *problem)
{
    if (ledger->has_asked || ledger->predecessor == 0)
        return ledger_blame(problem, "UPG-2", "the manager asks to take over %s",
                            ledger->has_asked ? "again" : "from nobody");
    if (!is_ready(ledger))
        return ledger_blame(problem, "UPG-1",
                            "the manager asks to take over, but %u of %u workers have beaten",
                            ledger_count_ready(ledger), ledger->wanted);
    ledger->has_asked = true;
    return NULL;
}

const char *ledger_judge_successor(struct ledger *ledger, const struct trace_action *action,
                                   struct problem *problem)
{
    struct ledger_upgrade *upgrade = &ledger->upgrade;
    const char *name = worker_signal_text(action->signal);
    enum worker_signal before = upgrade->sent;
    upgrade->sent = action->signal;
    if (!upgrade->is_aborted)
        return ledger_blame(problem, "UPG-2", "manager %d gets %s, but it was not given up",
                            action->pid, name);
    if (action->signal <= before || action->signal == WORKER_SIGNAL_QUIT)
        return ledger_blame(problem, "UPG-4", "manager %d gets %s after %s", action->pid, name,
                            worker_signal_text(before));
    if (action->signal == WORKER_SIGNAL_TERM)
        upgrade->stopped_us = ledger->now_us;
    else if (before != WORKER_SIGNAL_TERM || ledger->now_us < upgrade->stopped_us + KILL_AFTER_US)
        return ledger_blame(problem, "UPG-4", "manager %d gets KILL too early", action->pid);
    return NULL;
}

const char *ledger_judge_farewell(struct ledger *ledger, const struct trace_action *action,
                                  struct problem *problem)
{
    const char *name = worker_signal_text(action->signal);
    ledger->predecessor = 0;
    if (action->signal != WORKER_SIGNAL_QUIT)
        return ledger_blame(problem, "UPG-2", "the old manager %d gets %s; it must get QUIT",
                            action->pid, name);
    if (!ledger->is_agreed || !ledger->is_announced)
        return ledger_blame(problem, "UPG-2", "the old manager %d gets QUIT before it has agreed",
                            action->pid);
    return NULL;
}

const char *ledger_judge_upgrade(struct ledger *ledger, const struct trace_action *action,
                                 struct problem *problem)
{
    if (action->kind == MANAGER_ACTION_WRITE_PID_FILE)
        return judge_write(ledger, problem);
    if (action->kind == MANAGER_ACTION_REMOVE_PID_FILE)
        return judge_remove(ledger, problem);
    if (action->kind == MANAGER_ACTION_ANNOUNCE)
        return judge_announce(ledger, problem);
    if (action->kind == MANAGER_ACTION_SPAWN_UPGRADE)
        return judge_begin(ledger, problem);
    if (action->kind == MANAGER_ACTION_COMMIT_UPGRADE)
        return judge_commit(ledger, action, problem);
    if (action->kind == MANAGER_ACTION_ABORT_UPGRADE)
        return judge_abort(ledger, action, problem);
    return action->kind == MANAGER_ACTION_END_UPGRADE ? judge_end(ledger, problem)
                                                      : judge_ask(ledger, problem);
}
