/* config_text - a configuration file's text: whether it is data, and how its mistakes are told.
 *
 * Pure. */
#ifndef TOAD_CONFIG_CONFIG_TEXT_H
#define TOAD_CONFIG_CONFIG_TEXT_H

#include "base/bytes.h"
#include "base/problem.h"
#include "config/perl_fault.h"

struct config_source {
    struct bytes text;     /* borrowed */
    const char *file_name; /* borrowed; as messages show it */
    bool is_evaluated;     /* printed by perl: line and column mean nothing and are not shown */
};

/* Reads the whole source for its verdict alone; anything but DATA is explained in the problem. */
MUST_CHECK enum perl_verdict config_text_judge(const struct config_source *source,
                                               struct problem *problem);

/* Writes "FILE:LINE:COLUMN: " and the line, and returns ERROR_INVALID. */
__attribute__((format(printf, 4, 5))) enum error
config_source_explain(const struct config_source *source, size_t offset, struct problem *problem,
                      const char *format, ...);

#endif
