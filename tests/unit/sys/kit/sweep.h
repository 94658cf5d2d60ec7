/* sweep - an operation, with each of its calls failing once: the first, the second, and so on until
 * it does not come to another one.
 *
 * However it ends, it leaves no descriptor and no file; where it fails, it says why. */
#ifndef TOAD_TESTS_KIT_SWEEP_H
#define TOAD_TESTS_KIT_SWEEP_H

#include "base/problem.h"
#include "kit/faulty.h"

#include <stddef.h>

struct sweep {
    const char *name;
    void (*prepare)(void); /* before each attempt, with everything working; may be NULL */
    enum error (*attempt)(struct problem *problem);
    void (*undo)(void); /* after each attempt, with everything working; may be NULL */
    const char *says;   /* stands in every problem; NULL: it has no problem to write */
};

/* Which ways to fail the operation cannot survive, and which it must survive; a way that stands in
 * both may end either way. */
struct sweep_row {
    enum faulty_call call;
    unsigned fails;
    unsigned survives;
};

void sweep_run(const struct sweep *sweep, const struct sweep_row *rows, size_t count);

#define SWEEP_RUN(sweep, rows) sweep_run(sweep, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
