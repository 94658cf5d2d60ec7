/* course - the course of a scenario: a storm of mishaps, a calm in which the pool must become
 * right, a quiet in which nothing may be done, and the end.
 *
 * The manager may end earlier: its start may fail, and some scenarios end it in the storm. */
#ifndef TOAD_TESTS_KERNEL_COURSE_H
#define TOAD_TESTS_KERNEL_COURSE_H

#include "agenda.h"
#include "scenario.h"

#include <stdbool.h>

/* Runs one scenario to its end and returns how many events it had. */
uint64_t course_run(const struct scenario *scenario, const char *trace_path, bool is_verbose);

/* What happens to nobody in particular. */
void course_happen(const struct happening *happening);

/* The manager says that it is ready. */
void course_announced(void);

/* The manager is about to wait. */
void course_wait(void);

/* Somebody tells the manager to end, by this signal. */
void course_order(int number);

#endif
