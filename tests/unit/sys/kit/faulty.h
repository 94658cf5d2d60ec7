/* faulty - an operating system that refuses what a test tells it to refuse.
 *
 * The linker sends the calls of faulty.def through here (link toad_test_faults). Armed for one call
 * at a time; the counting goes on in the children of a process, and can be looked at from it. */
#ifndef TOAD_TESTS_KIT_FAULTY_H
#define TOAD_TESTS_KIT_FAULTY_H

#include <stdbool.h>

enum faulty_call {
#define FAULTY(call, ...) FAULTY_##call,
#define FAULTY_BY_HAND(call) FAULTY_##call,
#include "kit/faulty.def"
#undef FAULTY
#undef FAULTY_BY_HAND
};

/* Bits, so that rows of tables can name several. */
enum faulty_way {
    FAULTY_ONCE = 1,
    FAULTY_FROM_THEN_ON = 2,
    FAULTY_INTERRUPTED = 4, /* once, with EINTR */
    FAULTY_PRETENDING = 8,  /* does nothing and says that it did: returns 0 */
    FAULTY_SHORT = 16,      /* once, write() takes half of what it was given */
    FAULTY_WAYS = 32,
};

enum faulty_scope {
    FAULTY_HERE,       /* in the process that arms it */
    FAULTY_EVERYWHERE, /* in its children, too */
};

/* The `at`-th call from now on, counted from 1, fails. */
void faulty_arm(enum faulty_call call, enum faulty_way way, unsigned at, enum faulty_scope scope);

/* How many calls have failed since faulty_arm(). */
unsigned faulty_struck(void);

/* Everything works again; gives the above. */
unsigned faulty_disarm(void);

const char *faulty_call_text(enum faulty_call call);
const char *faulty_way_text(enum faulty_way way);

#endif
