/* command - runs another program to its end and collects what it says.
 *
 * The program gets standard streams and nothing else: no other descriptor, no blocked signal. It is
 * a process group of its own, and what is left of that is killed when the time is up. */
#ifndef TOAD_SYS_COMMAND_H
#define TOAD_SYS_COMMAND_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>

struct command_result {
    int status;   /* exit status; 127 if the program could not be run; -1 if a signal ended it */
    bool is_late; /* it was killed because its time was up */
    bool is_too_long; /* it was killed because it said more than the buffers hold */
};

/* Runs `arguments[0]`, looked up in PATH; the list ends in a null pointer. Standard output goes to
 * `output`, standard error to `errors`. Errors are those of starting it; what became of it is in
 * the result. */
MUST_CHECK enum error command_run(const char *const *arguments, int64_t timeout_us,
                                  struct buffer *output, struct buffer *errors,
                                  struct command_result *ret_result);

#endif
