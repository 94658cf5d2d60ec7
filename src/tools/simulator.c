#include "tools/simulator.h"

#include "policy/manager_text.h"

void simulator_init(struct simulator *simulator)
{
    manager_init(&simulator->manager, &(struct manager_settings){.workers = 1});
    simulator->actions.count = 0;
    simulator->now_us = 0;
}

static enum error refuse(const struct simulator *simulator, const struct manager_event *event,
                         struct problem *problem)
{
    const struct manager *manager = &simulator->manager;
    if (manager->phase == MANAGER_UNSTARTED)
        return problem_set(problem, ERROR_INVALID, "the first event must be \"start\"");
    if (manager->phase == MANAGER_GONE)
        return problem_set(problem, ERROR_INVALID,
                           "the manager has exited; no event may follow the action \"exit\"");
    if (event->kind == MANAGER_EVENT_SPAWNED && manager->spawning > 0)
        return problem_set(problem, ERROR_INVALID,
                           "\"pid\" is %d; a new worker's must be above 1 and nobody else's",
                           event->pid);
    if (event->kind == MANAGER_EVENT_START)
        return problem_set(problem, ERROR_INVALID,
                           "the manager has started already; \"start\" must be the first event");
    if (event->kind == MANAGER_EVENT_UPGRADE_SPAWNED && manager->upgrade.life == UPGRADE_FORKING)
        return problem_set(problem, ERROR_INVALID,
                           "\"pid\" is %d; a new manager's must be above 1 and nobody else's",
                           event->pid);
    if (event->kind != MANAGER_EVENT_SPAWNED && event->kind != MANAGER_EVENT_SPAWN_FAILED)
        return problem_set(problem, ERROR_INVALID,
                           "\"%s\" cannot happen here, in phase %s; docs/diagrams/manager.md and "
                           "upgrade.md have what can",
                           manager_event_text(event->kind), manager_phase_text(manager->phase));
    return problem_set(problem, ERROR_INVALID,
                       "\"%s\" must answer an action \"spawn\", and all of them are answered",
                       manager_event_text(event->kind));
}

enum error simulator_feed(struct simulator *simulator, const struct trace_line *line,
                          struct problem *ret_problem)
{
    simulator->actions.count = 0;
    if (line->time_us < simulator->now_us)
        return problem_set(ret_problem, ERROR_INVALID,
                           "time goes backwards; \"t\" must be at least the one before, %.6f",
                           (double)simulator->now_us / (double)SECOND_US);
    struct manager *manager = &simulator->manager;
    if (line->event.kind == MANAGER_EVENT_START && manager->phase == MANAGER_UNSTARTED)
        manager_init(manager, &line->settings);
    if (manager_decide(manager, &line->event, line->time_us, &simulator->actions) != ERROR_NONE)
        return refuse(simulator, &line->event, ret_problem);
    simulator->now_us = line->time_us;
    return ERROR_NONE;
}

bool simulator_write(const struct simulator *simulator, uint32_t index, struct buffer *buffer)
{
    return manager_action_write(buffer, &simulator->actions.list[index], simulator->now_us);
}
