/* What a manager shows of itself to people and to the simulator. */
#include "managed.h"

#include "kit/folder.h"

#include <criterion/criterion.h>

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(manager_trace, .init = managed_open, .fini = managed_close);

enum {
    LINES_MAX = 2000
};

static json_t *lines[LINES_MAX];
static size_t count;

/* Every line of the trace is an object of its own. */
static void read_trace(void)
{
    static char line[TRACE_LINE_MAX];
    FILE *file = fopen(folder_path("trace"), "re");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        json_error_t error;
        cr_assert_eq(line[strlen(line) - 1], '\n');
        lines[count] = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        cr_assert_not_null(lines[count], "%s: %s", error.text, line);
        cr_assert_lt(++count, LINES_MAX);
    }
    (void)fclose(file);
}

static void clear_trace(void)
{
    while (count > 0)
        json_decref(lines[--count]);
}

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text == NULL ? "" : text;
}

static unsigned count_lines(const char *key, const char *value)
{
    unsigned found = 0;
    for (size_t i = 0; i < count; i++)
        found += strcmp(text_of(lines[i], key), value) == 0;
    return found;
}

static void check_times(void)
{
    double last = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *time = json_object_get(lines[i], "t");
        cr_assert(json_is_number(time));
        cr_assert_geq(json_number_value(time), last);
        last = json_number_value(time);
        bool is_event = text_of(lines[i], "event")[0] != '\0';
        bool is_action = text_of(lines[i], "action")[0] != '\0';
        cr_assert_neq(is_event, is_action);
        cr_assert(is_event || text_of(lines[i], "promise")[0] != '\0', "line %zu", i + 1);
    }
}

/* Promises OBS-2 and MGR-15 */
Test(manager_trace, records_every_event_and_decision)
{
    managed_start_observed(managed_settings());
    managed_await_announcement();
    stage->puppets[0].must_exit = 7;
    managed_await_beats(2, 1);
    managed_send(SIGTTIN);
    managed_await_beats(3, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    read_trace();
    check_times();
    cr_assert_str_eq(text_of(lines[0], "event"), "start");
    const json_t *settings = json_object_get(lines[0], "settings");
    cr_assert_eq(json_integer_value(json_object_get(settings, "workers")), 2);
    cr_assert_eq(count_lines("action", "spawn"), 4);
    cr_assert_eq(count_lines("event", "spawned"), 4);
    cr_assert_eq(count_lines("event", "exited"), 4);
    cr_assert_eq(count_lines("signal", "TTIN"), 1);
    cr_assert_eq(count_lines("signal", "TERM"), 4, "the event and three actions");
    cr_assert_geq(count_lines("event", "pipe"), 1);
    cr_assert_eq(count_lines("action", "write_pid_file"), 1);
    cr_assert_eq(count_lines("action", "remove_pid_file"), 1);
    cr_assert_str_eq(text_of(lines[count - 1], "action"), "exit");
    clear_trace();
}

static void expect_line(const char *what, long number)
{
    char line[64];
    (void)snprintf(line, sizeof line, "%s %ld\n", what, number);
    const char *text = folder_read("errors");
    const char *found = strstr(text, line);
    cr_expect(found != NULL && (found == text || found[-1] == '\n'), "%sis not in:\n%s", line,
              text);
}

/* Promise OBS-1 */
Test(manager_trace, prints_the_diagnostics_of_debugging)
{
    struct manager_settings settings = managed_settings();
    settings.heartbeat_interval_us = settings.heartbeat_timeout_us = 500 * MILLISECOND_US;
    stage->parts[0] = PUPPET_SILENT;
    managed_start_observed(settings);
    managed_await_end_of(0);
    managed_await_beats(2, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    expect_line("MANAGER STARTED", manager);
    for (unsigned i = 0; i < stage->count; i++) {
        expect_line("WORKER STARTED", stage->puppets[i].pid);
        expect_line("WORKER DIED", stage->puppets[i].pid);
    }
    expect_line("STOPPING WORKER", stage->puppets[0].pid);
    expect_line("QUIT", stage->puppets[0].pid);
    expect_line("TERM", stage->puppets[2].pid);
    expect_line("STOPPING MANAGER", manager);
    char file[1100];
    (void)snprintf(file, sizeof file, "PID %s\n", folder_path("pid"));
    cr_assert(strstr(folder_read("errors"), file) != NULL);
}

Test(manager_trace, cannot_be_written_and_there_is_no_start)
{
    cr_assert_eq(mkdir(folder_path("trace"), 0700), 0);
    managed_start_observed(managed_settings());
    cr_assert_eq(managed_end(), 1);
    cr_assert_eq(managed->error, ERROR_SYSTEM);
    cr_assert(strstr(managed->problem.text, folder_path("trace")) != NULL);
    cr_assert_eq(stage->count, 0);
    cr_assert_eq(folder_count(), 3, "log, errors and trace: no draft of a PID file");
}
