/* hypnotoad-sim - what the manager would do: events in, actions out, both as JSON Lines, in the
 * time that the events carry (promises MGR-15, OBS-2). */
#include "base/buffer.h"
#include "base/limits.h"
#include "tools/simulator.h"
#include "tools/trace_reader.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "Usage: hypnotoad-sim [OPTIONS] [FILE]\n"
    "Reads events of a manager as JSON Lines from FILE (or standard input) and prints the actions\n"
    "that its policy takes, in virtual time.\n"
    "\n"
    "  -q, --quiet, --no-log  leave out what the manager says in its log\n"
    "  -r, --replay           FILE is the trace of a server: compare its actions with the "
    "policy's\n"
    "  -h, --help             print this help\n"
    "  -V, --version          print the version\n"
    "\n"
    "  {\"t\":0,\"event\":\"start\",\"settings\":{\"workers\":2,\"heartbeat_interval\":0.5}}\n"
    "  {\"t\":0,\"event\":\"spawned\",\"pid\":101}\n"
    "  {\"t\":0.25,\"event\":\"heartbeat\",\"pid\":101}\n";

enum exit_code {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_BAD_INPUT = 1,
    EXIT_CODE_BAD_USAGE = 2
};

enum line_end {
    LINE_END_WHOLE,
    LINE_END_TORN, /* the file ended within it */
    LINE_END_TOO_LONG,
    LINE_END_NONE /* the file had ended before */
};

struct run {
    FILE *file;
    const char *name;
    bool is_quiet;
    bool is_replay;
    uint64_t number; /* of the line */
    uint32_t next;   /* action of the simulator that the record has not shown yet */
    uint64_t events;
    uint64_t actions;
    struct simulator simulator;
    struct trace_line line;
    struct buffer text;
    char storage[TRACE_LINE_MAX];
};

static enum line_end read_line(FILE *file, struct buffer *text)
{
    buffer_clear(text);
    for (int byte = getc(file); byte != EOF; byte = getc(file)) {
        if (byte == '\n')
            return LINE_END_WHOLE;
        char letter = (char)byte;
        if (!buffer_append(text, (struct bytes){&letter, 1}))
            return LINE_END_TOO_LONG;
    }
    return text->size > 0 ? LINE_END_TORN : LINE_END_NONE;
}

static enum exit_code complain(const struct run *run, const char *text)
{
    (void)fprintf(stderr, "%s:%ju: %s\n", run->name, (uintmax_t)run->number, text);
    return EXIT_CODE_BAD_INPUT;
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

static enum exit_code print_actions(const struct run *run)
{
    const struct manager_actions *actions = &run->simulator.actions;
    for (uint32_t i = 0; i < actions->count; i++) {
        if (is_left_out(run, actions->list[i].kind))
            continue;
        struct bytes line = action_line(run, i);
        (void)fwrite(line.data, 1, line.size, stdout);
    }
    /* Whoever drives the simulator through pipes waits for the answer. */
    return fflush(stdout) == 0 ? EXIT_CODE_DONE
                               : complain(run, "standard output cannot be written");
}

/* The decided action, if there is one, is not what the record has. */
static enum exit_code differ(const struct run *run, struct bytes recorded)
{
    bool is_decided = run->next < run->simulator.actions.count;
    struct bytes decided = is_decided ? action_line(run, run->next) : BYTES("nothing\n");
    (void)complain(run, "the record differs from the policy");
    (void)fprintf(stderr, "recorded: %.*s\ndecided:  %.*s", (int)recorded.size, recorded.data,
                  (int)decided.size, decided.data);
    return EXIT_CODE_BAD_INPUT;
}

static enum exit_code compare_action(struct run *run)
{
    if (is_left_out(run, run->line.action))
        return EXIT_CODE_DONE;
    while (is_next_left_out(run))
        run->next++;
    struct bytes recorded = buffer_view(&run->text);
    if (run->next >= run->simulator.actions.count ||
        !trace_actions_agree(recorded, action_line(run, run->next)))
        return differ(run, recorded);
    run->next++;
    run->actions++;
    return EXIT_CODE_DONE;
}

static enum exit_code take_event(struct run *run)
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
    return run->is_replay ? EXIT_CODE_DONE : print_actions(run);
}

static enum exit_code take_line(struct run *run, enum line_end end)
{
    struct problem problem;
    if (end == LINE_END_TOO_LONG) {
        (void)problem_set(&problem, ERROR_FULL, "the line is longer than %d bytes", TRACE_LINE_MAX);
        return complain(run, problem.text);
    }
    enum error error = trace_line_read(buffer_view(&run->text), &run->line, &problem);
    /* A server that was killed leaves a torn last line. */
    if (error != ERROR_NONE && run->is_replay && end == LINE_END_TORN)
        return EXIT_CODE_DONE;
    if (error != ERROR_NONE)
        return complain(run, problem.text);
    if (!run->line.is_action)
        return take_event(run);
    if (run->is_replay)
        return compare_action(run);
    return complain(run, "an action among the events; only --replay reads actions");
}

static enum exit_code run_file(struct run *run)
{
    simulator_init(&run->simulator);
    buffer_init(&run->text, run->storage, sizeof run->storage);
    enum exit_code code = EXIT_CODE_DONE;
    enum line_end end = LINE_END_WHOLE;
    while (code == EXIT_CODE_DONE && end == LINE_END_WHOLE) {
        run->number++;
        end = read_line(run->file, &run->text);
        if (end != LINE_END_NONE)
            code = take_line(run, end);
    }
    if (code == EXIT_CODE_DONE && ferror(run->file) != 0)
        code = complain(run, strerror(errno));
    if (code == EXIT_CODE_DONE && run->is_replay && run->events == 0)
        code = complain(run, "the record holds no event; it must begin with \"start\"");
    if (code == EXIT_CODE_DONE && run->is_replay)
        (void)printf("%s: %ju events, %ju actions, all as the policy decides\n", run->name,
                     (uintmax_t)run->events, (uintmax_t)run->actions);
    return code;
}

static enum exit_code open_and_run(struct run *run)
{
    if (strcmp(run->name, "-") == 0) {
        run->name = "stdin";
        run->file = stdin;
        return run_file(run);
    }
    run->file = fopen(run->name, "r");
    if (run->file == NULL) {
        (void)fprintf(stderr, "hypnotoad-sim: %s: %s\n", run->name, strerror(errno));
        return EXIT_CODE_BAD_INPUT;
    }
    enum exit_code code = run_file(run);
    (void)fclose(run->file);
    return code;
}

int main(int count, char **arguments)
{
    static const struct option options[] = {
        {"quiet", no_argument, NULL, 'q'},   {"no-log", no_argument, NULL, 'q'},
        {"replay", no_argument, NULL, 'r'},  {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
    static struct run run = {.name = "-"};
    for (int letter = 0; (letter = getopt_long(count, arguments, "qrhV", options, NULL)) != -1;) {
        if (letter == 'h')
            return fputs(usage, stdout) == EOF ? EXIT_CODE_BAD_INPUT : EXIT_CODE_DONE;
        if (letter == 'V')
            return puts("hypnotoad-sim " TOAD_VERSION) == EOF ? EXIT_CODE_BAD_INPUT
                                                              : EXIT_CODE_DONE;
        if (letter == '?') /* getopt_long() has named it */
            return fputs(usage, stderr) == EOF ? EXIT_CODE_BAD_INPUT : EXIT_CODE_BAD_USAGE;
        run.is_quiet = run.is_quiet || letter == 'q';
        run.is_replay = run.is_replay || letter == 'r';
    }
    if (count - optind > 1) {
        (void)fprintf(stderr, "%s: one FILE at most, but there is '%s'\n%s", arguments[0],
                      arguments[optind + 1], usage);
        return EXIT_CODE_BAD_USAGE;
    }
    if (count > optind)
        run.name = arguments[optind];
    return (int)open_and_run(&run);
}
