/* timeline - what traces of one server and its generations show, ready to be drawn.
 *
 * Not pure: reads traces. The model is large; the caller keeps it in static storage. Rows stand in
 * the order of their drawing: a manager, its workers, the next manager. Times count from the first
 * generation's start, once the generations are aligned. */
#ifndef TOAD_TOOLS_TIMELINE_H
#define TOAD_TOOLS_TIMELINE_H

#include "base/problem.h"
#include "policy/heartbeat.h"
#include "tools/trace_action.h"
#include "tools/trace_file.h"
#include "tools/trace_reader.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TIMELINE_GENERATIONS_MAX = 64,
    TIMELINE_ROWS_MAX = 4096,
    TIMELINE_MARKS_MAX = 65536
};

enum timeline_mark_kind {
    TIMELINE_BEAT,
    TIMELINE_FAREWELL,
    TIMELINE_SENT,   /* a signal to a worker, or to a manager without a row */
    TIMELINE_GOT,    /* a signal that the manager got */
    TIMELINE_FAILED, /* something went wrong */
    TIMELINE_STAGE   /* of a start or a deployment */
};

struct timeline_mark {
    enum timeline_mark_kind kind;
    uint32_t row;
    uint32_t generation; /* whose record has it */
    int32_t pid;         /* who is meant, if it is not the row's; or 0 */
    int64_t time_us;
    const char *label; /* static text; empty: the mark speaks for itself */
    char promise[TRACE_PROMISE_MAX];
};

struct timeline_row {
    bool is_manager;
    bool is_hearsay; /* a new manager, as the old one has it; for one that has no record */
    bool is_hidden;  /* it has one */
    uint32_t generation;
    int32_t pid; /* 0: not known */
    int64_t born_us;
    int64_t ready_us;   /* its first heartbeat; a manager's announcement; NEVER_US before */
    int64_t leaving_us; /* NEVER_US before */
    int64_t ended_us;   /* NEVER_US: it lived when the record ended */
    int32_t status;
    int32_t signal; /* that ended it; 0: by itself */
};

/* Where two records touch: the same moment, seen from both sides; NEVER_US if it is not there. */
struct timeline_ties {
    int64_t spawned_us; /* the new process was made / it started */
    int64_t asked_us;   /* it asked to take over */
    int64_t agreed_us;  /* it was told to */
    int64_t refused_us; /* it was given up */
};

struct timeline_generation {
    const char *name; /* borrowed: of the file */
    int32_t predecessor;
    uint32_t row;      /* of the manager */
    uint32_t mark;     /* the first one */
    int64_t offset_us; /* its start, on the clock of the first one */
    int64_t last_us;   /* of the record */
    int32_t successor; /* the last one that it made; 0: none */
    uint32_t hearsay;  /* the row of that one; 0: none */
    struct timeline_ties as_new;
    struct timeline_ties as_old; /* about the last one that it made */
};

struct timeline {
    uint32_t generation_count;
    struct timeline_generation generations[TIMELINE_GENERATIONS_MAX];
    uint32_t row_count;
    struct timeline_row rows[TIMELINE_ROWS_MAX];
    uint32_t mark_count;
    struct timeline_mark marks[TIMELINE_MARKS_MAX];
    uint64_t dropped; /* rows and marks that had no room */
    int64_t end_us;   /* of the last record */
    struct heartbeat_reader reader;
    struct trace_line line;
    struct trace_action action;
};

void timeline_init(struct timeline *timeline);

/* Adds the trace of the next generation. ERROR_INVALID with a problem at line file->number; a last
 * line that was cut is left out. */
MUST_CHECK enum error timeline_add(struct timeline *timeline, struct trace_file *file,
                                   struct problem *ret_problem);

/* Puts the generations on one clock. ERROR_INVALID with a problem if one does not follow from the
 * others. */
MUST_CHECK enum error timeline_align(struct timeline *timeline, struct problem *ret_problem);

#endif
