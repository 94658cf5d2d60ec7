/* problem - one line for a person: what is wrong, where, and what would be right.
 *
 * Pure. Who can explain writes the line; who shows it adds nothing. */
#ifndef TOAD_BASE_PROBLEM_H
#define TOAD_BASE_PROBLEM_H

#include "base/error.h"
#include "base/limits.h"

struct problem {
    char text[PROBLEM_TEXT_MAX];
};

/* Writes the line, cut at PROBLEM_TEXT_MAX and with control bytes shown as `?`, and returns
 * `error`, so that `return problem_set(...)` reads well. */
__attribute__((format(printf, 3, 4))) enum error
problem_set(struct problem *problem, enum error error, const char *format, ...);

#endif
