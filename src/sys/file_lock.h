/* file_lock - who holds the flock of a file. */
#ifndef TOAD_SYS_FILE_LOCK_H
#define TOAD_SYS_FILE_LOCK_H

#include <stdint.h>

/* The process that holds an exclusive flock on this file, as the system's table of locks has it; 0
 * if nobody does or it cannot be told. */
int32_t file_lock_holder(int fd);

#endif
