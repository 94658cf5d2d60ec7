/* log_file - a file that lines are appended to, whoever reopens it and whenever.
 *
 * Not pure. Opening it never waits, not even for the reader of a pipe. */
#ifndef TOAD_SYS_LOG_FILE_H
#define TOAD_SYS_LOG_FILE_H

#include "base/error.h"

#include <sys/types.h>

/* Opens the file to append to it; created with mode 0644 if it is missing. The caller closes
 * `ret_fd`. ERROR_SYSTEM: errno says why. */
MUST_CHECK enum error log_file_open(const char *path, int *ret_fd);

/* Creates the file, if it is missing, so that it belongs to `user`: processes that have become that
 * user can open it anew. What is there already is never given away: its directory may belong to
 * somebody who planted it. */
void log_file_offer(const char *path, uid_t user);

#endif
