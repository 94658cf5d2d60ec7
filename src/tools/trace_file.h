/* trace_file - the lines of a trace, one after the other.
 *
 * Not pure: reads a stream. The view of a line is valid until the next one is read. */
#ifndef TOAD_TOOLS_TRACE_FILE_H
#define TOAD_TOOLS_TRACE_FILE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/problem.h"

#include <stdint.h>
#include <stdio.h>

enum trace_end {
    TRACE_END_WHOLE,
    TRACE_END_TORN, /* the file ended within the line */
    TRACE_END_TOO_LONG,
    TRACE_END_NONE /* the file had ended before */
};

struct trace_file {
    FILE *stream;     /* owned between open and close, but for standard input */
    const char *name; /* borrowed: the path, or "stdin" */
    uint64_t number;  /* of the last line that was read */
    struct buffer text;
    char storage[TRACE_LINE_MAX];
};

/* Opens the file, or standard input if `path` is "-". ERROR_SYSTEM with a problem. */
MUST_CHECK enum error trace_file_open(struct trace_file *file, const char *path,
                                      struct problem *ret_problem);

/* The same for a stream that is open already. */
void trace_file_begin(struct trace_file *file, FILE *stream, const char *name);

/* Reads the next line into `file->text`, without its line end. */
enum trace_end trace_file_next(struct trace_file *file);

/* ERROR_SYSTEM with a problem if the last line is not the file's but a failed read. */
MUST_CHECK enum error trace_file_check(const struct trace_file *file, struct problem *ret_problem);

void trace_file_close(struct trace_file *file);

#endif
