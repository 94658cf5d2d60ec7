/* trace_names - what events, signals and actions are called in a trace.
 *
 * Pure, but for the C library's list of signals. */
#ifndef TOAD_TOOLS_TRACE_NAMES_H
#define TOAD_TOOLS_TRACE_NAMES_H

#include "base/buffer.h"
#include "policy/manager.h"

#include <stdbool.h>

enum {
    TRACE_SIGNAL_MAX = 64
};

/* The event with this name, and this signal if the name is "signal" (else ""). False if there is
 * none; both may be null pointers. */
bool trace_event_find(const char *text, const char *signal, enum manager_event_kind *ret_kind);

/* The members that the event may have beside "t" and "event": words, each between two spaces. */
const char *trace_event_members(enum manager_event_kind kind);

/* False if there is none; `text` may be a null pointer. */
bool trace_action_find(const char *text, enum manager_action_kind *ret_kind);

/* The number of a signal's name without SIG; 0 if there is none or `name` is a null pointer. */
int trace_signal_number(const char *name);

/* Appends the names of all events, or of all signals that are events, each behind a space. */
void trace_names_write(struct buffer *buffer, bool of_signals);

#endif
