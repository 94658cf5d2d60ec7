/* What the promises say of each action, in the face of the books. */
#include "tools/ledger.h"
#include "tools/ledger_upgrade.h"

static double seconds(int64_t time_us)
{
    return (double)time_us / (double)SECOND_US;
}

/* Promise CLI-6: a start that was never announced may fail, because of a worker, of forks, of its
 * predecessor. */
static bool may_fail_start(const struct ledger *ledger)
{
    return !ledger->is_announced && ledger->ending == LEDGER_ENDING_NONE &&
           (ledger->event == MANAGER_EVENT_EXITED || ledger->event == MANAGER_EVENT_TICK ||
            ledger->event == MANAGER_EVENT_SPAWN_FAILED ||
            ledger->event == MANAGER_EVENT_UPGRADE_ABORTED);
}

static void fail_start(struct ledger *ledger)
{
    ledger->ending = LEDGER_ENDING_NOW;
    ledger->has_failed = true;
}

static const char *judge_spawn(struct ledger *ledger, struct problem *problem)
{
    uint32_t serving = ledger_count_serving(ledger) + ledger->spawning;
    uint32_t all = ledger->count + ledger->spawning;
    if (ledger->ending != LEDGER_ENDING_NONE)
        return ledger_blame(problem, ledger->ending == LEDGER_ENDING_GRACEFUL ? "MGR-3" : "MGR-2",
                            "a worker is started by a manager that ends");
    if (serving >= ledger->wanted)
        return ledger_blame(problem, "MGR-1", "a worker is started, but %u of %u serve or start",
                            serving, ledger->wanted);
    if (all >= ledger->wanted + ledger->settings.spare)
        return ledger_blame(problem, "MGR-11",
                            "a worker is started beside %u others; no more than %u + %u may be",
                            all, ledger->wanted, ledger->settings.spare);
    ledger->spawning++;
    return NULL;
}

/* QUIT while the pool is kept: silence, TTOU, or a fork that came too late for its TTOU. */
static const char *judge_choice(struct ledger *ledger, const struct ledger_worker *worker,
                                struct problem *problem)
{
    bool is_spawned = ledger->event == MANAGER_EVENT_SPAWNED;
    if (worker->leaving_us != NEVER_US)
        return ledger_blame(problem, ledger->event == MANAGER_EVENT_ONE_LESS ? "MGR-6" : "HBT-3",
                            "worker %d is asked to leave, but it is leaving already", worker->pid);
    if (ledger->event == MANAGER_EVENT_TICK) {
        int64_t due_us = worker->heard_us + ledger->settings.heartbeat_interval_us +
                         ledger->settings.heartbeat_timeout_us;
        if (ledger->now_us < due_us)
            return ledger_blame(problem, "HBT-2",
                                "worker %d is asked to leave %.6f s too early: it was heard %.6f s "
                                "ago",
                                worker->pid, seconds(due_us - ledger->now_us),
                                seconds(ledger->now_us - worker->heard_us));
        return NULL;
    }
    if (!is_spawned && ledger->event != MANAGER_EVENT_ONE_LESS)
        return ledger_blame(problem, "HBT-2",
                            "worker %d is asked to leave for no reason: it is neither silent nor "
                            "one too many",
                            worker->pid);
    uint32_t serving = ledger_count_serving(ledger) + (is_spawned ? 0 : ledger->spawning);
    if (ledger->retired++ > 0 || serving <= ledger->wanted)
        return ledger_blame(problem, "MGR-6",
                            "worker %d is asked to leave, but none is one too many", worker->pid);
    return NULL;
}

static const char *judge_quit(struct ledger *ledger, struct ledger_worker *worker,
                              struct problem *problem)
{
    const char *promise = NULL;
    if (worker->sent == WORKER_SIGNAL_QUIT)
        promise = ledger_blame(problem, "MGR-3", "worker %d gets QUIT again", worker->pid);
    else if (worker->sent > WORKER_SIGNAL_QUIT)
        promise = ledger_blame(problem, "MGR-5", "worker %d gets QUIT after %s", worker->pid,
                               worker_signal_text(worker->sent));
    else if (ledger->ending == LEDGER_ENDING_NONE)
        promise = judge_choice(ledger, worker, problem);
    if (worker->leaving_us == NEVER_US)
        worker->leaving_us = ledger->now_us;
    return promise;
}

static const char *judge_term(struct ledger *ledger, struct ledger_worker *worker,
                              struct problem *problem)
{
    if (worker->sent >= WORKER_SIGNAL_TERM)
        return ledger_blame(problem, "MGR-4", "worker %d gets TERM after %s", worker->pid,
                            worker_signal_text(worker->sent));
    const char *promise = NULL;
    int64_t due_us = worker->leaving_us == NEVER_US
                         ? NEVER_US
                         : worker->leaving_us + ledger->settings.graceful_timeout_us;
    if (ledger->ending != LEDGER_ENDING_NOW && may_fail_start(ledger) && due_us > ledger->now_us)
        fail_start(ledger);
    if (ledger->ending != LEDGER_ENDING_NOW && due_us == NEVER_US)
        promise = ledger_blame(problem, "MGR-4",
                               "worker %d is told to stop without being asked to "
                               "leave",
                               worker->pid);
    else if (ledger->ending != LEDGER_ENDING_NOW && ledger->now_us < due_us)
        promise = ledger_blame(problem, "MGR-4", "worker %d is told to stop %.6f s too early",
                               worker->pid, seconds(due_us - ledger->now_us));
    worker->stopped_us = ledger->now_us;
    if (worker->leaving_us == NEVER_US)
        worker->leaving_us = ledger->now_us;
    return promise;
}

static const char *judge_kill(const struct ledger *ledger, const struct ledger_worker *worker,
                              struct problem *problem)
{
    const char *promise = ledger->ending == LEDGER_ENDING_NOW ? "MGR-2" : "MGR-4";
    if (worker->stopped_us == NEVER_US)
        return ledger_blame(problem, promise, "worker %d gets KILL without TERM before it",
                            worker->pid);
    if (worker->sent == WORKER_SIGNAL_KILL)
        return ledger_blame(problem, promise, "worker %d gets KILL again", worker->pid);
    int64_t due_us = worker->stopped_us + KILL_AFTER_US;
    if (ledger->now_us < due_us)
        return ledger_blame(problem, promise, "worker %d gets KILL %.6f s too early", worker->pid,
                            seconds(due_us - ledger->now_us));
    return NULL;
}

static const char *judge_worker_signal(struct ledger *ledger, const struct trace_action *action,
                                       struct problem *problem)
{
    struct ledger_worker *worker = ledger_find(ledger, action->pid);
    if (worker == NULL)
        return ledger_blame(problem, "MGR-14",
                            "%s goes to process %d, which is no child that lives",
                            worker_signal_text(action->signal), action->pid);
    if (action->signal == WORKER_SIGNAL_USR1)
        return ledger->event == MANAGER_EVENT_REOPEN_LOGS
                   ? NULL
                   : ledger_blame(problem, "MGR-8", "worker %d gets USR1, but the manager did not",
                                  action->pid);
    const char *promise = NULL;
    if (action->signal == WORKER_SIGNAL_QUIT)
        promise = judge_quit(ledger, worker, problem);
    else if (action->signal == WORKER_SIGNAL_TERM)
        promise = judge_term(ledger, worker, problem);
    else
        promise = judge_kill(ledger, worker, problem);
    if (action->signal > worker->sent)
        worker->sent = action->signal;
    return promise;
}

static const char *judge_signal(struct ledger *ledger, const struct trace_action *action,
                                struct problem *problem)
{
    if (ledger->upgrade.pid != 0 && action->pid == ledger->upgrade.pid)
        return ledger_judge_successor(ledger, action, problem);
    if (ledger->predecessor != 0 && action->pid == ledger->predecessor)
        return ledger_judge_farewell(ledger, action, problem);
    return judge_worker_signal(ledger, action, problem);
}

static const char *judge_exit(struct ledger *ledger, const struct trace_action *action,
                              struct problem *problem)
{
    if (may_fail_start(ledger))
        fail_start(ledger);
    enum ledger_ending ending = ledger->ending;
    const char *promise = ending == LEDGER_ENDING_GRACEFUL ? "MGR-3" : "MGR-2";
    bool has_successor = ledger->upgrade.pid != 0 && !ledger->upgrade.is_committed;
    ledger->ending = LEDGER_ENDING_OVER;
    if (ending == LEDGER_ENDING_NONE)
        return ledger_blame(problem, promise, "the manager ends, and nobody told it to");
    if (ending == LEDGER_ENDING_OVER)
        return ledger_blame(problem, promise, "the manager ends again");
    if (ledger->count + ledger->spawning > 0)
        return ledger_blame(problem, promise, "the manager ends, and workers are left: %u",
                            ledger->count + ledger->spawning);
    if (has_successor || ledger->upgrade.is_asked)
        return ledger_blame(problem, "UPG-6", "the manager ends, and leaves the new one alone");
    if (ledger->has_pid_file)
        return ledger_blame(problem, "PID-1", "the manager ends, and its PID file stays");
    if ((action->status != 0) != ledger->has_failed)
        return ledger_blame(problem, ledger->has_failed ? "CLI-6" : promise,
                            "the exit status is %d; it must be %d", action->status,
                            ledger->has_failed ? 1 : 0);
    return NULL;
}

const char *ledger_judge(struct ledger *ledger, const struct trace_action *action,
                         struct problem *ret_problem)
{
    switch (action->kind) {
    case MANAGER_ACTION_SPAWN:
        return judge_spawn(ledger, ret_problem);
    case MANAGER_ACTION_SIGNAL:
        return judge_signal(ledger, action, ret_problem);
    case MANAGER_ACTION_EXIT:
        return judge_exit(ledger, action, ret_problem);
    case MANAGER_ACTION_WRITE_PID_FILE:
    case MANAGER_ACTION_REMOVE_PID_FILE:
    case MANAGER_ACTION_ANNOUNCE:
    case MANAGER_ACTION_SPAWN_UPGRADE:
    case MANAGER_ACTION_COMMIT_UPGRADE:
    case MANAGER_ACTION_ABORT_UPGRADE:
    case MANAGER_ACTION_END_UPGRADE:
    case MANAGER_ACTION_ASK_TAKEOVER:
        return ledger_judge_upgrade(ledger, action, ret_problem);
    case MANAGER_ACTION_REOPEN_LOGS:
        if (ledger->event != MANAGER_EVENT_REOPEN_LOGS)
            return ledger_blame(ret_problem, "MGR-8", "logs are reopened, but nobody asked for it");
        break;
    case MANAGER_ACTION_LOG:
        break;
    }
    return NULL;
}
