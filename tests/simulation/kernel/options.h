/* options - the command line of the simulation. */
#ifndef TOAD_TESTS_KERNEL_OPTIONS_H
#define TOAD_TESTS_KERNEL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define EVERY_SCENARIO UINT64_MAX

/* The texts are borrowed from the command line. */
struct options {
    uint64_t seed;
    uint64_t events;
    uint64_t only;          /* the one scenario to run, or EVERY_SCENARIO */
    const char *expected;   /* the invariant that must be violated; a null pointer: none */
    const char *trace_path; /* a null pointer: no trace is written */
    bool is_verbose;
};

enum options_verdict {
    OPTIONS_FINE,
    OPTIONS_HELP,   /* the usage was asked for, and printed */
    OPTIONS_REFUSED /* an option is unknown or has no right value; the usage was printed */
};

enum options_verdict options_read(int count, char **words, struct options *ret_options);

#endif
