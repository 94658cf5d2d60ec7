/* options - the command line, and the environment variables that work as it does.
 *
 * Pure but for reading the environment (promises CLI-2, CLI-3, CFG-10). */
#ifndef TOAD_MAIN_OPTIONS_H
#define TOAD_MAIN_OPTIONS_H

#include "base/problem.h"

#include <stdbool.h>

struct options {
    const char *application; /* borrowed from the arguments or the environment */
    const char *config;      /* NULL: the default file */
    bool wants_foreground;
    bool wants_help;
    bool wants_stop;
    bool wants_test;
    bool wants_version;
    bool is_debugging;
};

/* Reads both; what stands on the command line wins. On an error the problem names the argument. */
MUST_CHECK enum error options_read(struct options *options, int count, char *const *arguments,
                                   struct problem *problem);

#endif
