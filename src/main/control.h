/* control - a command for a server that is running (promises CLI-9, CLI-10). */
#ifndef TOAD_MAIN_CONTROL_H
#define TOAD_MAIN_CONTROL_H

/* Stops the manager that this PID file belongs to, gracefully, and waits until it is gone. Gives
 * the exit status. */
int control_stop(const char *pid_path);

#endif
