/* manager_text - events and actions as one line of JSON each: the trace that a server writes and
 * the simulator replays.
 *
 * Pure (promises MGR-15, OBS-2). Bytes of the pipe are written as the code points 0 to 255. */
#ifndef TOAD_POLICY_MANAGER_TEXT_H
#define TOAD_POLICY_MANAGER_TEXT_H

#include "base/buffer.h"
#include "policy/manager.h"

enum manager_level {
    MANAGER_LEVEL_INFO,
    MANAGER_LEVEL_WARN,
    MANAGER_LEVEL_ERROR
};

const char *manager_phase_text(enum manager_phase phase);
const char *manager_event_text(enum manager_event_kind kind);
/* The signal that stands for the event, or "" if none does. */
const char *manager_event_signal(enum manager_event_kind kind);
const char *manager_action_text(enum manager_action_kind kind);
enum manager_level manager_note_level(enum manager_note note);

/* Appends the sentence of a LOG action, without a line end; false if it does not fit. */
bool manager_note_write(struct buffer *buffer, const struct manager_action *action);

/* Append a whole line with its line end; false, and nothing appended, if it does not fit.
 * `settings` are written with START. */
bool manager_event_write(struct buffer *buffer, const struct manager_event *event, int64_t now_us,
                         const struct manager_settings *settings);
bool manager_action_write(struct buffer *buffer, const struct manager_action *action,
                          int64_t now_us);

#endif
