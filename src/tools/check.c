#include "tools/check.h"

#include "policy/manager_text.h"
#include "tools/check_step.h"

#include <string.h>

static void begin_step(struct check *check, uint64_t line)
{
    check->line = line;
    check->next = 0;
    check->extra_count = 0;
    check->is_disordered = false;
    memset(check->is_done, 0, sizeof check->is_done);
}

/* An event that the policy refuses is one that its server could not have had. */
static const char *promise_of_refusal(const struct check *check)
{
    return check->event.time_us < check->simulator.now_us ? "MGR-12" : "MGR-15";
}

static void take_event(struct check *check, uint64_t line)
{
    check_step_end(check, 0);
    begin_step(check, line);
    struct problem problem;
    if (check->is_following)
        check_punctuality(check, line);
    if (check->is_following &&
        simulator_feed(&check->simulator, &check->event, &problem) != ERROR_NONE) {
        deviations_add(&check->deviations, line, promise_of_refusal(check), "%s", problem.text);
        check->is_following = false;
    }
    check->events++;
    check->now_us = check->event.time_us;
    ledger_observe(&check->ledger, &check->event);
}

static bool is_decided(const struct check *check, uint32_t index)
{
    const struct manager_action *decided = &check->simulator.actions.list[index];
    const struct trace_action *recorded = &check->action;
    if (check->is_done[index] || decided->kind != recorded->kind)
        return false;
    if (decided->kind == MANAGER_ACTION_LOG) {
        struct check_text text = check_note_of(decided);
        return strcmp(text.text, recorded->text) == 0;
    }
    return decided->pid == recorded->pid && decided->signal == recorded->signal &&
           (decided->kind != MANAGER_ACTION_EXIT || decided->status == recorded->status);
}

/* What was decided and is here done. */
static void take_decided(struct check *check, uint32_t index, uint64_t line)
{
    const struct manager_action *decided = &check->simulator.actions.list[index];
    const char *promise = check->action.promise;
    check->is_done[index] = true;
    check->is_disordered = check->is_disordered || index < check->next;
    if (index >= check->next)
        check->next = index + 1;
    if (promise[0] != '\0' && strcmp(promise, decided->promise) != 0)
        deviations_add(&check->deviations, line, decided->promise,
                       "%s keeps the promise %s, not %s", check_text_of(decided).text,
                       decided->promise, promise);
}

static void compare(struct check *check, uint64_t line, bool is_judged)
{
    for (uint32_t i = 0; i < check->simulator.actions.count; i++)
        if (is_decided(check, i)) {
            take_decided(check, i, line);
            return;
        }
    if (check->extra_count < CHECK_EXTRAS_MAX)
        check->extras[check->extra_count++] =
            (struct check_extra){line, is_judged, false, check->action};
}

/* What was due at an earlier event comes now. */
static void pay(struct check *check, uint64_t line)
{
    struct deviation *owed = deviations_find_owed(&check->deviations, &check->action);
    if (owed == NULL)
        return;
    owed->is_owed = false;
    struct check_text text = check_text_of_recorded(&check->action);
    deviation_say(owed, "%s was due here and comes %.6f s late, in line %ju", text.text,
                  (double)(check->now_us - owed->due_us) / (double)SECOND_US, (uintmax_t)line);
}

static enum error take_action(struct check *check, const struct trace_file *file,
                              struct problem *problem)
{
    struct problem blame;
    if (trace_action_read(buffer_view(&file->text), &check->action, problem) != ERROR_NONE)
        return ERROR_INVALID;
    if (check->events == 0)
        return problem_set(problem, ERROR_INVALID,
                           "an action before any event; the record must begin with \"start\"");
    check->actions++;
    if (check->action.time_us != check->now_us)
        deviations_add(
            &check->deviations, file->number, "MGR-15", "%s is not at the time of its event, %.6f",
            check_text_of_recorded(&check->action).text, (double)check->now_us / (double)SECOND_US);
    const char *promise = ledger_judge(&check->ledger, &check->action, &blame);
    if (promise != NULL)
        deviations_add(&check->deviations, file->number, promise, "%s", blame.text);
    if (check->is_following)
        compare(check, file->number, promise != NULL);
    else
        pay(check, file->number);
    return ERROR_NONE;
}

static enum error take_line(struct check *check, struct trace_file *file, enum trace_end end,
                            struct problem *problem)
{
    if (end == TRACE_END_TOO_LONG)
        return problem_set(problem, ERROR_FULL, "the line is longer than %d bytes", TRACE_LINE_MAX);
    enum error error = trace_line_read(buffer_view(&file->text), &check->event, problem);
    if (error == ERROR_NONE && check->event.is_action)
        error = take_action(check, file, problem);
    else if (error == ERROR_NONE)
        take_event(check, file->number);
    if (error != ERROR_NONE && end == TRACE_END_TORN)
        return problem_set(problem, ERROR_INVALID, "the record is cut within this line");
    return error;
}

enum error check_run(struct check *check, struct trace_file *file, struct problem *ret_problem)
{
    memset(check, 0, sizeof *check);
    check->is_following = true;
    check->held_up_us = -SECOND_US - 1;
    simulator_init(&check->simulator);
    ledger_init(&check->ledger);
    enum error error = ERROR_NONE;
    enum trace_end end = TRACE_END_WHOLE;
    while (error == ERROR_NONE && end == TRACE_END_WHOLE) {
        end = trace_file_next(file);
        if (end != TRACE_END_NONE)
            error = take_line(check, file, end, ret_problem);
    }
    if (error == ERROR_NONE)
        error = trace_file_check(file, ret_problem);
    if (error == ERROR_NONE && check->events == 0)
        return problem_set(ret_problem, ERROR_INVALID,
                           "the record holds no event; it must begin with \"start\"");
    if (error == ERROR_NONE)
        check_step_end(check, file->number - 1);
    return error;
}
