#include "tools/replay.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "tools/simulator.h"
#include "tools/trace_file.h"
#include "tools/trace_reader.h"

#include <stdio.h>

struct run {
    struct trace_file file;
    bool is_quiet;
    bool is_replay;
    uint32_t next; /* action of the simulator that the record has not shown yet */
    uint64_t events;
    uint64_t actions;
    struct simulator simulator;
    struct trace_line line;
};

static int complain(const struct run *run, const char *text)
{
    (void)fprintf(stderr, "%s:%ju: %s\n", run->file.name, (uintmax_t)run->file.number, text);
    return 1;
}

/* The line of one action of the simulator, with its line end. */
static struct bytes action_line(const struct run *run, uint32_t index)
{
    static char storage[LOG_LINE_MAX];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    if (!simulator_write(&run->simulator, index, &buffer))
        (void)buffer_append(&buffer, BYTES("?\n"));
    return buffer_view(&buffer);
}

static bool is_left_out(const struct run *run, enum manager_action_kind kind)
{
    return run->is_quiet && kind == MANAGER_ACTION_LOG;
}

static bool is_next_left_out(const struct run *run)
{
    const struct manager_actions *actions = &run->simulator.actions;
    return run->next < actions->count && is_left_out(run, actions->list[run->next].kind);
}

static int print_actions(const struct run *run)
{
    const struct manager_actions *actions = &run->simulator.actions;
    for (uint32_t i = 0; i < actions->count; i++) {
        if (is_left_out(run, actions->list[i].kind))
            continue;
        struct bytes line = action_line(run, i);
        (void)fwrite(line.data, 1, line.size, stdout);
    }
    /* Whoever drives the simulator through pipes waits for the answer. */
    return fflush(stdout) == 0 ? 0 : complain(run, "standard output cannot be written");
}

/* The decided action, if there is one, is not what the record has. */
static int differ(const struct run *run, struct bytes recorded)
{
    bool is_decided = run->next < run->simulator.actions.count;
    struct bytes decided = is_decided ? action_line(run, run->next) : BYTES("nothing\n");
    (void)complain(run, "the record differs from the policy");
    (void)fprintf(stderr, "recorded: %.*s\ndecided:  %.*s", (int)recorded.size, recorded.data,
                  (int)decided.size, decided.data);
    return 1;
}

static int compare_action(struct run *run)
{
    if (is_left_out(run, run->line.action))
        return 0;
    while (is_next_left_out(run))
        run->next++;
    struct bytes recorded = buffer_view(&run->file.text);
    if (run->next >= run->simulator.actions.count ||
        !trace_actions_agree(recorded, action_line(run, run->next)))
        return differ(run, recorded);
    run->next++;
    run->actions++;
    return 0;
}

static int take_event(struct run *run)
{
    while (is_next_left_out(run))
        run->next++;
    if (run->is_replay && run->next < run->simulator.actions.count)
        return differ(run, BYTES("another event"));
    struct problem problem;
    if (simulator_feed(&run->simulator, &run->line, &problem) != ERROR_NONE)
        return complain(run, problem.text);
    run->next = 0;
    run->events++;
    return run->is_replay ? 0 : print_actions(run);
}

static int take_line(struct run *run, enum trace_end end)
{
    struct problem problem;
    if (end == TRACE_END_TOO_LONG) {
        (void)problem_set(&problem, ERROR_FULL, "the line is longer than %d bytes", TRACE_LINE_MAX);
        return complain(run, problem.text);
    }
    enum error error = trace_line_read(buffer_view(&run->file.text), &run->line, &problem);
    /* A server that was killed leaves a torn last line. */
    if (error != ERROR_NONE && run->is_replay && end == TRACE_END_TORN)
        return 0;
    if (error != ERROR_NONE)
        return complain(run, problem.text);
    if (!run->line.is_action)
        return take_event(run);
    if (run->is_replay)
        return compare_action(run);
    return complain(run, "an action among the events; only --replay reads actions");
}

static int run_file(struct run *run)
{
    struct problem problem;
    simulator_init(&run->simulator);
    int status = 0;
    enum trace_end end = TRACE_END_WHOLE;
    while (status == 0 && end == TRACE_END_WHOLE) {
        end = trace_file_next(&run->file);
        if (end != TRACE_END_NONE)
            status = take_line(run, end);
    }
    if (status == 0 && trace_file_check(&run->file, &problem) != ERROR_NONE)
        status = complain(run, problem.text);
    if (status == 0 && run->is_replay && run->events == 0)
        status = complain(run, "the record holds no event; it must begin with \"start\"");
    if (status == 0 && run->is_replay)
        (void)printf("%s: %ju events, %ju actions, all as the policy decides\n", run->file.name,
                     (uintmax_t)run->events, (uintmax_t)run->actions);
    return status;
}

int replay_run(const char *path, bool is_replay, bool is_quiet)
{
    static struct run run; /* large */
    struct problem problem;
    run.is_replay = is_replay;
    run.is_quiet = is_quiet;
    if (trace_file_open(&run.file, path, &problem) != ERROR_NONE) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    int status = run_file(&run);
    trace_file_close(&run.file);
    return status;
}
