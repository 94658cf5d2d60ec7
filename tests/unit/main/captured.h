/* captured - a function in a process of its own, whose standard streams are files of the folder.
 *
 * `out` and `errors` hold what it printed. */
#ifndef TOAD_TESTS_MAIN_CAPTURED_H
#define TOAD_TESTS_MAIN_CAPTURED_H

#include <stdbool.h>
#include <sys/types.h>

/* As child_start(), child_wait() and child_run() have it; what was printed before is forgotten. */
pid_t captured_start(int (*function)(void *context), void *context);
int captured_run(int (*function)(void *context), void *context);

const char *captured_out(void);
const char *captured_errors(void);

/* Waits until the text has been printed; false if it never was. */
bool captured_prints(const char *text);

#endif
