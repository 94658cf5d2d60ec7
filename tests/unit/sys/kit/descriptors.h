/* descriptors - what a process has open, to be compared before and after. */
#ifndef TOAD_TESTS_KIT_DESCRIPTORS_H
#define TOAD_TESTS_KIT_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct descriptors {
    char text[8192]; /* a line for each: its number and what it is */
};

/* Of this process. */
struct descriptors descriptors_look(void);

/* Of another one; empty if it is gone. */
struct descriptors descriptors_of(pid_t pid);

size_t descriptors_count(const struct descriptors *descriptors);

/* The same things are open, under whatever numbers. */
bool descriptors_equal(const struct descriptors *a, const struct descriptors *b);

#endif
