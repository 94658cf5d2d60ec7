/* log - lines for the administrator: `2026-01-31 12:00:00.123 [PID] info text`, in UTC.
 *
 * One log a process, on standard error until log_open() names a file. A line is written whole with
 * one call, is never waited for, and is dropped when it cannot be written (promise OBS-3). */
#ifndef TOAD_SYS_LOG_H
#define TOAD_SYS_LOG_H

#include "base/error.h"

#include <stdbool.h>

#define LOG_TEE_MARK '\x01'

enum log_level {
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR
};

/* Appends to this file from now on; it is created with mode 0644. ERROR_SYSTEM leaves the log as it
 * was. `path` is borrowed for as long as the process logs. */
MUST_CHECK enum error log_open(const char *path);

/* Opens the file anew under its name, after it was moved away. Without a file it does nothing. */
MUST_CHECK enum error log_reopen(void);

/* Lines below this level are not written from now on; all are at first. */
void log_set_least(enum log_level least);

/* Warnings and errors also go to this descriptor from now on, each line behind a LOG_TEE_MARK, for
 * somebody who waits for the outcome of a start. The descriptor is taken over; negative: to nobody.
 */
void log_tee(int fd);

/* The descriptor that lines go to. */
int log_descriptor(void);

/* True if a file is written. */
bool log_has_file(void);

__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *format, ...);

#endif
