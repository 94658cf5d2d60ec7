/* process - forking, reaping and what a process inherits. */
#ifndef TOAD_SYS_PROCESS_H
#define TOAD_SYS_PROCESS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct process_end {
    int32_t pid;
    int32_t status; /* exit status; -1 if a signal ended it */
    int32_t signal; /* the signal; 0 if it exited */
    bool has_core;
};

/* Some child that has ended, without waiting. It keeps its pid until process_reap(). ERROR_AGAIN:
 * none has, or there is none. */
MUST_CHECK enum error process_find_ended(int32_t *ret_pid);

/* Takes leave of this child, of any if `pid` is -1, if it has ended. ERROR_AGAIN: it has not, or it
 * is no child. */
MUST_CHECK enum error process_reap(int32_t pid, struct process_end *ret_end);

/* Opens the null device for those of the descriptors 0 to 2 that are closed, so that nothing else
 * gets their numbers. */
MUST_CHECK enum error process_open_streams(void);

/* Standard input and output become the null device; standard error becomes `error_fd`, or the null
 * device too if that is negative. */
MUST_CHECK enum error process_detach_streams(int error_fd);

/* A close-on-exec pipe; both ends non-blocking if `is_nonblocking`. */
MUST_CHECK enum error process_pipe(bool is_nonblocking, int *ret_reader, int *ret_writer);

/* True if a read would not wait: there is something, or the end. */
bool process_is_readable(int fd);

/* Raises the soft limit of open descriptors to the hard one. */
void process_raise_descriptors(void);

/* The parent of a process, 0 if it is not known. */
int32_t process_parent(int32_t pid);

/* True if a child, a dead one too, has the name of this process; also if the system does not say
 * which children there are. */
bool process_has_namesake(void);

/* What ps(1) shows of this process; 15 bytes at most. */
void process_set_name(const char *name);

/* In a child that is to have nothing of its parent: closes all but the standard streams and this
 * one, which may be negative. */
void process_close_others(int kept);

/* This process is killed when its parent ends, which must have this pid. False: it has ended
 * already. To be called after privileges are given up, which would undo it. */
bool process_bind_to_parent(int32_t parent);

/* Kills a child and takes leave of it. Waits no longer than a second, should the kernel not get it
 * to end. */
void process_kill(int32_t pid);

/* Closes if open, and remembers that it is closed. */
void process_close(int *fd);

#endif
