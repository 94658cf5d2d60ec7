/* regular_file - whole files, and whether files could be written. */
#ifndef TOAD_SYS_REGULAR_FILE_H
#define TOAD_SYS_REGULAR_FILE_H

#include "base/buffer.h"
#include "base/problem.h"

/* Appends the whole file. ERROR_NOT_FOUND: there is none; ERROR_FULL: it is larger than the
 * buffer's room; ERROR_INVALID: it is not a regular file. The problem names the file. */
MUST_CHECK enum error regular_file_read(const char *path, struct buffer *buffer,
                                        struct problem *problem);

/* Checks that `path`, which messages call `what`, is a regular file that can be written, or could
 * be made. Changes nothing. */
MUST_CHECK enum error regular_file_check(const char *path, const char *what,
                                         struct problem *problem);

#endif
