/* check_step - the end of one event and its actions: what is missing, what is too much.
 *
 * Pure; of no use to anybody but check.c. */
#ifndef TOAD_TOOLS_CHECK_STEP_H
#define TOAD_TOOLS_CHECK_STEP_H

#include "tools/check.h"

/* How a deviation names an action. */
struct check_text {
    char text[200];
};

/* The sentence of a LOG action; cut where no such sentence is so long. */
struct check_text check_note_of(const struct manager_action *action);

struct check_text check_text_of(const struct manager_action *action);
struct check_text check_text_of_recorded(const struct trace_action *action);

/* Judges a TICK: the manager comes round once a second, or says that it was held up. */
void check_punctuality(struct check *check, uint64_t line);

/* Judges the step that ends; `last_line` is the last one of the record if it ends with it, else 0.
 */
void check_step_end(struct check *check, uint64_t last_line);

#endif
