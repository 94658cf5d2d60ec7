/* child - a part of a test that runs in a process of its own.
 *
 * No child outlives its test. In a child no assertion of Criterion may be made: it ends with a
 * status that the test looks at. */
#ifndef TOAD_TESTS_KIT_CHILD_H
#define TOAD_TESTS_KIT_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    CHILD_SIGNALLED = 1000, /* plus the signal that ended it */
    CHILD_STUCK = -1,       /* it did not end and was killed */
    CHILD_LEAKED = 97,      /* what child_check_leaks() says */
    CHILD_DEMAND = 98,      /* what child_demand() says */
};

/* Runs the function in a child; what it returns is the exit status. */
pid_t child_start(int (*function)(void *context), void *context);

/* Waits for its end: the exit status, or one of the above. */
int child_wait(pid_t pid);

/* Both. */
int child_run(int (*function)(void *context), void *context);

/* Dies with its parent from now on: for processes that the tested code forks. */
void child_bind_to_parent(void);

/* Waits until the process is a zombie or gone, without taking its status. */
bool child_has_ended(pid_t pid);

/* Waits until it is stopped by a signal. */
bool child_is_stopped(pid_t pid);

/* Memory for the results of children: zeroed, the same in parent and children. */
void *child_shared(size_t size);

/* In a child that is about to end with `status`: CHILD_LEAKED if that is 0 and the leak checker,
 * where there is one, finds memory that nobody has a pointer to. */
int child_check_leaks(int status);

/* In a child: ends it with CHILD_DEMAND and a line on standard error if the condition is false. */
#define child_demand(condition) child_check((condition), #condition, __FILE__, __LINE__)
void child_check(bool holds, const char *text, const char *file, int line);

#endif
