/* pid_file - the file that names the serving manager.
 *
 * A complete file is made beside the final name and put in place in one step, so no reader sees a
 * part of it. Its manager holds an exclusive flock on it for life: a lock tells a live owner from a
 * stale number (promises PID-1 to PID-5). */
#ifndef TOAD_SYS_PID_FILE_H
#define TOAD_SYS_PID_FILE_H

#include "base/limits.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct pid_file {
    const char *path;            /* borrowed for the life of the file */
    char draft[CONFIG_PATH_MAX]; /* the complete file before it is in place */
    int fd;                      /* the file, locked; negative if there is none */
    bool is_drafted;
    bool is_published;
};

void pid_file_init(struct pid_file *file, const char *path);

/* The live manager that the file names and that holds its lock (promise CLI-10). ERROR_NOT_FOUND:
 * there is no file, or it is stale or not one of ours. */
MUST_CHECK enum error pid_file_owner(const char *path, int32_t *ret_pid);

/* Writes the complete draft for this process, so that a full disk or a missing directory shows
 * before anything serves. ERROR_BUSY: a live server holds the file, other than the predecessor that
 * this one is to take over from (0: none). */
MUST_CHECK enum error pid_file_draft(struct pid_file *file, int32_t predecessor,
                                     struct problem *problem);

/* Puts the draft in place, or a new one if the file was lost; a stale file is replaced. ERROR_BUSY
 * if a live server was faster. */
MUST_CHECK enum error pid_file_publish(struct pid_file *file, struct problem *problem);

/* Puts the draft in the place of a live server's file, in one step: that server has agreed (promise
 * PID-2). */
MUST_CHECK enum error pid_file_replace(struct pid_file *file, struct problem *problem);

/* True if the file was published and nothing stands under the name any more. */
bool pid_file_is_lost(const struct pid_file *file);

/* Removes what is ours: a draft, and the file if it still is the one that was published. */
void pid_file_remove(struct pid_file *file);

/* Removes the draft of a process that has ended and could not do so itself. */
void pid_file_remove_draft(const char *path, int32_t pid);

/* In a child of the owner: lets go without removing anything. */
void pid_file_abandon(struct pid_file *file);

#endif
