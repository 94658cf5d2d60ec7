/* demo_process - a process, told from a later one with the same PID.
 *
 * Not pure: asks the kernel, and procfs if it is there. */
#ifndef TOAD_APPS_DEMO_PROCESS_H
#define TOAD_APPS_DEMO_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* PID and start in one word, which no other process ever has; 0 if there is no such process, or
 * nothing but its exit status is left of it. */
uint64_t process_identity(long pid);
/* The PID of it. */
long process_pid(uint64_t identity);
/* The process is there; false for 0. */
bool process_lives(uint64_t identity);

#endif
