/* access_log - a line for each answer, in a file.
 *
 * The lines of one turn of the loop are written together, always whole. A worker never waits for
 * its log: what a pipe or a full disk does not take is dropped, counted and told later. */
#ifndef TOAD_WORKER_ACCESS_LOG_H
#define TOAD_WORKER_ACCESS_LOG_H

#include "base/buffer.h"
#include "base/error.h"
#include "http/http_log.h"

#include <stdbool.h>

struct access_log {
    const char *path; /* borrowed; NULL: nothing is logged */
    int fd;
    bool is_json;
    bool is_torn;     /* the file ends in a part of a line: a full disk took no more */
    uint64_t dropped; /* lines, since the last one that could be written */
    struct buffer buffer;
    char storage[65536];
};

/* Opens the file for appending; it is created with mode 0644. */
MUST_CHECK enum error access_log_open(struct access_log *log, const char *path, bool is_json);

void access_log_write(struct access_log *log, const struct http_log_entry *entry);

/* Writes what was collected; called before the loop waits. */
void access_log_flush(struct access_log *log);

/* Opens the file anew under its name; ERROR_SYSTEM leaves the old one in use. */
MUST_CHECK enum error access_log_reopen(struct access_log *log);

void access_log_close(struct access_log *log);

#endif
