/* Events and actions as lines of a trace: promises MGR-15, OBS-2 and OBS-3. */
#include "policy/manager_text.h"

#include <criterion/criterion.h>

#include <string.h>

static const struct manager_settings settings = {.workers = 4,
                                                 .spare = 2,
                                                 .heartbeat_interval_us = 5 * SECOND_US,
                                                 .heartbeat_timeout_us = 250000,
                                                 .graceful_timeout_us = 0,
                                                 .upgrade_timeout_us = 86400000001};

struct event_line {
    struct manager_event event;
    int64_t now_us;
    const char *line;
};

static const struct event_line event_lines[] = {
    {{.kind = MANAGER_EVENT_START},
     0,
     "{\"t\":0,\"event\":\"start\",\"settings\":{\"workers\":4,\"spare\":2,"
     "\"heartbeat_interval\":5,\"heartbeat_timeout\":0.25,\"graceful_timeout\":0,"
     "\"upgrade_timeout\":86400.000001}}\n"},
    {{.kind = MANAGER_EVENT_SPAWNED, .pid = 101},
     1,
     "{\"t\":0.000001,\"event\":\"spawned\",\"pid\":101}\n"},
    {{.kind = MANAGER_EVENT_SPAWN_FAILED}, 1500000, "{\"t\":1.5,\"event\":\"spawn_failed\"}\n"},
    {{.kind = MANAGER_EVENT_HEARTBEAT, .pid = 101},
     12 * SECOND_US,
     "{\"t\":12,\"event\":\"heartbeat\",\"pid\":101,\"leaving\":false}\n"},
    {{.kind = MANAGER_EVENT_HEARTBEAT, .pid = INT32_MAX, .is_leaving = true},
     100,
     "{\"t\":0.0001,\"event\":\"heartbeat\",\"pid\":2147483647,\"leaving\":true}\n"},
    {{.kind = MANAGER_EVENT_PIPE, .chunk = {"1~ \n\"\\\0\x1f\x7f\xff/", 11}},
     0,
     "{\"t\":0,\"event\":\"pipe\",\"bytes\":\"1~ "
     "\\u000a\\u0022\\u005c\\u0000\\u001f\\u007f\\u00ff/\"}\n"},
    {{.kind = MANAGER_EVENT_EXITED, .pid = 101, .exit_status = 3},
     0,
     "{\"t\":0,\"event\":\"exited\",\"pid\":101,\"status\":3}\n"},
    {{.kind = MANAGER_EVENT_EXITED, .pid = 101, .exit_status = -1, .exit_signal = 9},
     0,
     "{\"t\":0,\"event\":\"exited\",\"pid\":101,\"signal\":9}\n"},
    {{.kind = MANAGER_EVENT_TICK}, 123456789, "{\"t\":123.456789,\"event\":\"tick\"}\n"},
    {{.kind = MANAGER_EVENT_HELD_UP}, 0, "{\"t\":0,\"event\":\"held_up\"}\n"},
    {{.kind = MANAGER_EVENT_PID_FILE_LOST}, 0, "{\"t\":0,\"event\":\"pid_file_lost\"}\n"},
    {{.kind = MANAGER_EVENT_STOP_NOW}, 0, "{\"t\":0,\"event\":\"signal\",\"signal\":\"TERM\"}\n"},
    {{.kind = MANAGER_EVENT_STOP_GRACEFULLY},
     0,
     "{\"t\":0,\"event\":\"signal\",\"signal\":\"QUIT\"}\n"},
    {{.kind = MANAGER_EVENT_ONE_MORE}, 0, "{\"t\":0,\"event\":\"signal\",\"signal\":\"TTIN\"}\n"},
    {{.kind = MANAGER_EVENT_ONE_LESS, .dice = UINT32_MAX},
     0,
     "{\"t\":0,\"event\":\"signal\",\"signal\":\"TTOU\",\"dice\":4294967295}\n"},
    {{.kind = MANAGER_EVENT_UPGRADE}, 0, "{\"t\":0,\"event\":\"signal\",\"signal\":\"USR2\"}\n"},
    {{.kind = MANAGER_EVENT_REOPEN_LOGS},
     0,
     "{\"t\":0,\"event\":\"signal\",\"signal\":\"USR1\"}\n"},
    {{.kind = MANAGER_EVENT_START, .pid = 99},
     0,
     "{\"t\":0,\"event\":\"start\",\"predecessor\":99,\"settings\":{\"workers\":4,\"spare\":2,"
     "\"heartbeat_interval\":5,\"heartbeat_timeout\":0.25,\"graceful_timeout\":0,"
     "\"upgrade_timeout\":86400.000001}}\n"},
    {{.kind = MANAGER_EVENT_UPGRADE_SPAWNED, .pid = 301},
     0,
     "{\"t\":0,\"event\":\"upgrade_spawned\",\"pid\":301}\n"},
    {{.kind = MANAGER_EVENT_UPGRADE_FAILED}, 0, "{\"t\":0,\"event\":\"upgrade_failed\"}\n"},
    {{.kind = MANAGER_EVENT_UPGRADE_READY}, 0, "{\"t\":0,\"event\":\"upgrade_ready\"}\n"},
    {{.kind = MANAGER_EVENT_UPGRADE_COMMITTED}, 0, "{\"t\":0,\"event\":\"upgrade_committed\"}\n"},
    {{.kind = MANAGER_EVENT_UPGRADE_ABORTED}, 0, "{\"t\":0,\"event\":\"upgrade_aborted\"}\n"},
    {{.kind = MANAGER_EVENT_PREDECESSOR_GONE}, 0, "{\"t\":0,\"event\":\"predecessor_gone\"}\n"},
};

struct action_line {
    struct manager_action action;
    const char *line;
};

static const struct action_line action_lines[] = {
    {{.kind = MANAGER_ACTION_SPAWN, .promise = "MGR-1"},
     "{\"t\":2.5,\"action\":\"spawn\",\"promise\":\"MGR-1\"}\n"},
    {{.kind = MANAGER_ACTION_SIGNAL, .pid = 101, .signal = WORKER_SIGNAL_QUIT, .promise = "HBT-2"},
     "{\"t\":2.5,\"action\":\"signal\",\"pid\":101,\"signal\":\"QUIT\",\"promise\":\"HBT-2\"}\n"},
    {{.kind = MANAGER_ACTION_WRITE_PID_FILE, .promise = "PID-1"},
     "{\"t\":2.5,\"action\":\"write_pid_file\",\"promise\":\"PID-1\"}\n"},
    {{.kind = MANAGER_ACTION_REMOVE_PID_FILE, .promise = "PID-1"},
     "{\"t\":2.5,\"action\":\"remove_pid_file\",\"promise\":\"PID-1\"}\n"},
    {{.kind = MANAGER_ACTION_ANNOUNCE, .promise = "CLI-6"},
     "{\"t\":2.5,\"action\":\"announce\",\"promise\":\"CLI-6\"}\n"},
    {{.kind = MANAGER_ACTION_REOPEN_LOGS, .promise = "MGR-8"},
     "{\"t\":2.5,\"action\":\"reopen_logs\",\"promise\":\"MGR-8\"}\n"},
    {{.kind = MANAGER_ACTION_LOG,
      .note = MANAGER_NOTE_WORKER_DIED,
      .number = 101,
      .exit_signal = 11,
      .promise = "OBS-3"},
     "{\"t\":2.5,\"action\":\"log\",\"text\":\"Worker 101 died (signal 11)\","
     "\"promise\":\"OBS-3\"}\n"},
    {{.kind = MANAGER_ACTION_LOG, .note = MANAGER_NOTE_PID_FILE_LOST, .promise = "OBS-3"},
     "{\"t\":2.5,\"action\":\"log\",\"text\":\"The PID file was gone and is written again\","
     "\"promise\":\"OBS-3\"}\n"},
    {{.kind = MANAGER_ACTION_EXIT, .status = 1, .promise = "MGR-2"},
     "{\"t\":2.5,\"action\":\"exit\",\"status\":1,\"promise\":\"MGR-2\"}\n"},
    {{.kind = MANAGER_ACTION_SPAWN_UPGRADE, .promise = "UPG-1"},
     "{\"t\":2.5,\"action\":\"spawn_upgrade\",\"promise\":\"UPG-1\"}\n"},
    {{.kind = MANAGER_ACTION_COMMIT_UPGRADE, .pid = 301, .promise = "UPG-2"},
     "{\"t\":2.5,\"action\":\"commit_upgrade\",\"pid\":301,\"promise\":\"UPG-2\"}\n"},
    {{.kind = MANAGER_ACTION_ABORT_UPGRADE, .pid = 301, .promise = "UPG-4"},
     "{\"t\":2.5,\"action\":\"abort_upgrade\",\"pid\":301,\"promise\":\"UPG-4\"}\n"},
    {{.kind = MANAGER_ACTION_END_UPGRADE, .promise = "UPG-5"},
     "{\"t\":2.5,\"action\":\"end_upgrade\",\"promise\":\"UPG-5\"}\n"},
    {{.kind = MANAGER_ACTION_ASK_TAKEOVER, .promise = "UPG-2"},
     "{\"t\":2.5,\"action\":\"ask_takeover\",\"promise\":\"UPG-2\"}\n"},
};

enum {
    EVENT_LINES = sizeof event_lines / sizeof event_lines[0],
    ACTION_LINES = sizeof action_lines / sizeof action_lines[0],
    LINE_SIZE = 512
};

/* Promise OBS-2. */
Test(manager_event_write, writes_every_event_as_one_line)
{
    for (size_t i = 0; i < EVENT_LINES; i++) {
        char storage[LINE_SIZE];
        struct buffer buffer;
        buffer_init(&buffer, storage, sizeof storage);
        cr_assert(
            manager_event_write(&buffer, &event_lines[i].event, event_lines[i].now_us, &settings));
        cr_assert(bytes_equal(buffer_view(&buffer), bytes_of(event_lines[i].line)), "%zu: %.*s", i,
                  (int)buffer.size, buffer.data);
    }
}

/* Promise OBS-2. */
Test(manager_action_write, writes_every_action_as_one_line)
{
    for (size_t i = 0; i < ACTION_LINES; i++) {
        char storage[LINE_SIZE];
        struct buffer buffer;
        buffer_init(&buffer, storage, sizeof storage);
        cr_assert(manager_action_write(&buffer, &action_lines[i].action, 2500000));
        cr_assert(bytes_equal(buffer_view(&buffer), bytes_of(action_lines[i].line)), "%zu: %.*s", i,
                  (int)buffer.size, buffer.data);
    }
}

/* Promise OBS-2: never half a line, whatever room there is. */
Test(manager_text, appends_a_line_whole_or_not_at_all)
{
    char storage[LINE_SIZE];
    struct buffer buffer;
    for (size_t i = 0; i < EVENT_LINES; i++)
        for (size_t room = 0; room <= strlen(event_lines[i].line) + 1; room++) {
            buffer_init(&buffer, storage, 3 + room);
            cr_assert(buffer_append(&buffer, BYTES("xyz")));
            bool fits = manager_event_write(&buffer, &event_lines[i].event, event_lines[i].now_us,
                                            &settings);
            cr_assert_eq(buffer.size, fits ? 3 + strlen(event_lines[i].line) : 3);
        }
    for (size_t i = 0; i < ACTION_LINES; i++)
        for (size_t room = 0; room <= strlen(action_lines[i].line) + 1; room++) {
            buffer_init(&buffer, storage, 3 + room);
            cr_assert(buffer_append(&buffer, BYTES("xyz")));
            bool fits = manager_action_write(&buffer, &action_lines[i].action, 2500000);
            cr_assert_eq(buffer.size, fits ? 3 + strlen(action_lines[i].line) : 3);
            cr_assert(fits || room <= strlen(action_lines[i].line));
        }
}

struct sentence {
    enum manager_note note;
    int64_t number;
    int32_t status;
    int32_t exit_signal;
    enum manager_level level;
    const char *text;
};

/* Promise OBS-3: a sentence for every start, stop, death with its cause, and refusal. */
Test(manager_note_write, says_what_happened_and_why)
{
    static const struct sentence sentences[] = {
        {MANAGER_NOTE_READY, 4, 0, 0, MANAGER_LEVEL_INFO, "All 4 workers are ready"},
        {MANAGER_NOTE_WORKER_DIED, 7, 0, 11, MANAGER_LEVEL_WARN, "Worker 7 died (signal 11)"},
        {MANAGER_NOTE_WORKER_DIED, 7, 3, 0, MANAGER_LEVEL_WARN, "Worker 7 died (status 3)"},
        {MANAGER_NOTE_WORKER_GONE, 7, 0, 0, MANAGER_LEVEL_INFO, "Worker 7 is gone (status 0)"},
        {MANAGER_NOTE_WORKER_GONE, 7, -1, 9, MANAGER_LEVEL_INFO, "Worker 7 is gone (signal 9)"},
        {MANAGER_NOTE_START_FAILED, 7, 0, 0, MANAGER_LEVEL_ERROR,
         "The start failed: worker 7 ended before it was ready"},
        {MANAGER_NOTE_START_HUNG, 7, 0, 0, MANAGER_LEVEL_ERROR,
         "The start failed: worker 7 sent no heartbeat in time"},
        {MANAGER_NOTE_FORK_FAILED, INT64_MAX, 0, 0, MANAGER_LEVEL_ERROR,
         "No worker could be started, attempts so far: 9223372036854775807"},
        {MANAGER_NOTE_WORKER_LEAVES, 7, 0, 0, MANAGER_LEVEL_INFO, "Worker 7 is leaving"},
        {MANAGER_NOTE_WORKER_SILENT, 7, 0, 0, MANAGER_LEVEL_WARN,
         "Worker 7 sent no heartbeat in time and is asked to leave"},
        {MANAGER_NOTE_WORKER_RETIRED, 7, 0, 0, MANAGER_LEVEL_INFO, "Worker 7 is asked to leave"},
        {MANAGER_NOTE_WORKER_FORCED, 7, 0, 0, MANAGER_LEVEL_WARN,
         "Worker 7 did not leave in time and is told to stop"},
        {MANAGER_NOTE_WORKER_KILLED, 7, 0, 0, MANAGER_LEVEL_WARN,
         "Worker 7 did not stop and is killed"},
        {MANAGER_NOTE_PAUSE, 4000, 0, 0, MANAGER_LEVEL_WARN,
         "Workers die young, the next one starts in 4000 ms"},
        {MANAGER_NOTE_UNKNOWN_CHILD, 7, 0, 0, MANAGER_LEVEL_INFO,
         "Process 7 ended; it was no worker"},
        {MANAGER_NOTE_HELD_UP, 4, 0, 0, MANAGER_LEVEL_WARN,
         "The manager was held up; heartbeats are expected anew by 4 workers"},
        {MANAGER_NOTE_MORE_WORKERS, 5, 0, 0, MANAGER_LEVEL_INFO, "Workers wanted: 5"},
        {MANAGER_NOTE_FEWER_WORKERS, 0, 0, 0, MANAGER_LEVEL_INFO, "Workers wanted: 0"},
        {MANAGER_NOTE_MOST_WORKERS, 512, 0, 0, MANAGER_LEVEL_WARN,
         "No more than 512 workers are possible"},
        {MANAGER_NOTE_STOPS_GRACEFULLY, 4, 0, 0, MANAGER_LEVEL_INFO,
         "Stopping gracefully, workers: 4"},
        {MANAGER_NOTE_STOPS_NOW, 4, 0, 0, MANAGER_LEVEL_INFO, "Stopping at once, workers: 4"},
        {MANAGER_NOTE_START_UNSOUND, 7, 0, 0, MANAGER_LEVEL_ERROR,
         "The start failed: worker 7 died soon after its first heartbeat"},
        {MANAGER_NOTE_UPGRADE_BEGINS, 4, 0, 0, MANAGER_LEVEL_INFO,
         "Hot deployment begins, workers that go on serving: 4"},
        {MANAGER_NOTE_UPGRADE_FAILED, 7, 3, 0, MANAGER_LEVEL_ERROR,
         "The hot deployment failed, this generation goes on: manager 7 ended before it took over "
         "(status 3)"},
        {MANAGER_NOTE_UPGRADE_LOST, 7, -1, 9, MANAGER_LEVEL_ERROR,
         "The hot deployment failed, this generation goes on: manager 7 ended while it took over "
         "(signal 9)"},
        {MANAGER_NOTE_UPGRADE_GONE, 7, 0, 0, MANAGER_LEVEL_INFO,
         "The new generation is gone, manager 7 (status 0)"},
        {MANAGER_NOTE_UPGRADE_LATE, 7, 0, 0, MANAGER_LEVEL_WARN,
         "The new generation was not ready in time and is told to stop, manager 7"},
        {MANAGER_NOTE_TAKEN_OVER, 7, 0, 0, MANAGER_LEVEL_INFO, "Taken over from manager 7"},
        {MANAGER_NOTE_REFUSED, 7, 0, 0, MANAGER_LEVEL_ERROR,
         "This hot deployment was given up by manager 7"},
        {MANAGER_NOTE_UPGRADE_BUSY, 7, 0, 0, MANAGER_LEVEL_INFO,
         "A hot deployment is under way already, by manager 7"},
        {MANAGER_NOTE_UPGRADE_STARTS, 7, 0, 0, MANAGER_LEVEL_INFO,
         "The new generation starts as manager 7"},
        {MANAGER_NOTE_UPGRADE_FORK_FAILED, 7, 0, 0, MANAGER_LEVEL_ERROR,
         "The hot deployment failed: no process could be made, workers that go on serving: 7"},
        {MANAGER_NOTE_UPGRADE_COMMITTED, 7, 0, 0, MANAGER_LEVEL_INFO,
         "The new generation takes over, manager 7"},
        {MANAGER_NOTE_UPGRADE_BROKEN, 7, 0, 0, MANAGER_LEVEL_WARN,
         "The new generation cannot take over any more and is told to stop, manager 7"},
        {MANAGER_NOTE_UPGRADE_STOPPED, 7, 0, 0, MANAGER_LEVEL_INFO,
         "The new generation has not taken over and is told to stop, manager 7"},
        {MANAGER_NOTE_UPGRADE_KILLED, 7, 0, 0, MANAGER_LEVEL_WARN,
         "The new generation did not stop and is killed, manager 7"},
        {MANAGER_NOTE_ASKS, 7, 0, 0, MANAGER_LEVEL_INFO, "Ready to take over from manager 7"},
        {MANAGER_NOTE_ORPHANED, 7, 0, 0, MANAGER_LEVEL_WARN, "The predecessor is gone, manager 7"},
        {MANAGER_NOTE_LOGS_REOPENED, 4, 0, 0, MANAGER_LEVEL_INFO, "Logs are reopened, workers: 4"},
        {MANAGER_NOTE_PID_FILE_LOST, 0, 0, 0, MANAGER_LEVEL_WARN,
         "The PID file was gone and is written again"},
    };
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        const struct sentence *row = &sentences[i];
        struct manager_action action = {.kind = MANAGER_ACTION_LOG,
                                        .note = row->note,
                                        .number = row->number,
                                        .status = row->status,
                                        .exit_signal = row->exit_signal};
        for (size_t room = 0; room <= strlen(row->text) + 1; room++) {
            char storage[LINE_SIZE];
            struct buffer buffer;
            buffer_init(&buffer, storage, room);
            bool fits = manager_note_write(&buffer, &action);
            cr_assert(bytes_equal(buffer_view(&buffer), bytes_of(fits ? row->text : "")));
            cr_assert(fits || room <= strlen(row->text), "row %zu", i);
        }
        cr_assert_eq(manager_note_level(row->note), row->level);
    }
}

static const struct {
    enum manager_note note;
    enum manager_level level;
    const char *before;
} notes[] = {
#define MANAGER_NOTE(name, level, before, behind)                                                  \
    {MANAGER_NOTE_##name, MANAGER_LEVEL_##level, before},
#include "policy/manager.def"
#undef MANAGER_NOTE
};

/* Promises OBS-2 and OBS-3: every sentence of the list is written, and is safe within JSON. */
Test(manager_note_write, knows_every_note_of_the_list)
{
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        char storage[LINE_SIZE];
        struct buffer buffer;
        buffer_init(&buffer, storage, sizeof storage);
        struct manager_action action = {.note = notes[i].note, .number = 1};
        cr_assert(manager_note_write(&buffer, &action));
        cr_assert(bytes_start_with(buffer_view(&buffer), bytes_of(notes[i].before)));
        cr_assert_eq(manager_note_level(notes[i].note), notes[i].level);
        for (size_t k = 0; k < buffer.size; k++)
            cr_assert(storage[k] >= ' ' && storage[k] != '"' && storage[k] != '\\');
    }
}

struct names {
    const char *name;
    const char *text;
    const char *signal;
};

static const struct names phases[] = {
#define MANAGER_PHASE(name, meaning) [MANAGER_##name] = {#name, NULL, NULL},
#include "policy/manager.def"
#undef MANAGER_PHASE
};

static const struct names events[] = {
#define MANAGER_EVENT(name, text, signal) [MANAGER_EVENT_##name] = {#name, text, signal},
#include "policy/manager.def"
#undef MANAGER_EVENT
};

static const struct names actions[] = {
#define MANAGER_ACTION(name, text) [MANAGER_ACTION_##name] = {#name, text, NULL},
#include "policy/manager.def"
#undef MANAGER_ACTION
};

Test(manager_text, names_phases_events_signals_and_actions_as_their_lists_do)
{
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        cr_assert_str_eq(manager_phase_text((enum manager_phase)i), phases[i].name);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        cr_assert_str_eq(manager_event_text((enum manager_event_kind)i), events[i].text);
        cr_assert_str_eq(manager_event_signal((enum manager_event_kind)i), events[i].signal);
        bool is_signal = strcmp(events[i].text, "signal") == 0;
        cr_assert_eq(strlen(events[i].signal), is_signal ? 4 : 0, "%s", events[i].name);
    }
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        cr_assert_str_eq(manager_action_text((enum manager_action_kind)i), actions[i].text);
}

Test(manager_text, has_an_answer_for_a_number_that_is_on_no_list)
{
    cr_assert_str_eq(manager_phase_text((enum manager_phase)99), "?");
    cr_assert_str_eq(manager_event_text((enum manager_event_kind)99), "?");
    cr_assert_str_eq(manager_event_signal((enum manager_event_kind)99), "");
    cr_assert_str_eq(manager_action_text((enum manager_action_kind)99), "?");
    cr_assert_eq(manager_note_level((enum manager_note)99), MANAGER_LEVEL_ERROR);
    char storage[LINE_SIZE];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    struct manager_event event = {.kind = (enum manager_event_kind)99};
    struct manager_action action = {.kind = (enum manager_action_kind)99, .promise = ""};
    cr_assert_not(manager_event_write(&buffer, &event, 0, &settings));
    cr_assert_not(manager_action_write(&buffer, &action, 0));
    cr_assert_eq(buffer.size, 0);
    struct manager_action unknown = {.note = (enum manager_note)99, .number = 7};
    cr_assert(manager_note_write(&buffer, &unknown));
    cr_assert(bytes_equal(buffer_view(&buffer), BYTES("?7")));
}
