/* control - a command for a server that is running (promises CLI-9, CLI-10). */
#ifndef TOAD_MAIN_CONTROL_H
#define TOAD_MAIN_CONTROL_H

#include <stdint.h>

/* Stops the manager that this PID file belongs to, gracefully, and waits until it is gone. Gives
 * the exit status. */
int control_stop(const char *pid_path);

/* Asks the running server `pid` for a hot deployment of the application, which is known under both
 * names, waits for the outcome, and gives the exit status. What the new generation has to say, and
 * why it failed, is printed on standard error (promise CLI-8). */
int control_deploy(const char *pid_path, int32_t pid, const char *const names[2]);

#endif
