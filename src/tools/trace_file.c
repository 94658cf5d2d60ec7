#include "tools/trace_file.h"

#include <errno.h>
#include <string.h>

void trace_file_begin(struct trace_file *file, FILE *stream, const char *name)
{
    file->stream = stream;
    file->name = name;
    file->number = 0;
    buffer_init(&file->text, file->storage, sizeof file->storage);
}

enum error trace_file_open(struct trace_file *file, const char *path, struct problem *ret_problem)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(path, "re");
    if (stream == NULL)
        return problem_set(ret_problem, ERROR_SYSTEM, "hypnotoad-sim: %s: %s", path,
                           strerror(errno));
    trace_file_begin(file, stream, is_stdin ? "stdin" : path);
    return ERROR_NONE;
}

enum trace_end trace_file_next(struct trace_file *file)
{
    buffer_clear(&file->text);
    file->number++;
    for (int byte = getc(file->stream); byte != EOF; byte = getc(file->stream)) {
        if (byte == '\n')
            return TRACE_END_WHOLE;
        char letter = (char)byte;
        if (!buffer_append(&file->text, (struct bytes){&letter, 1}))
            return TRACE_END_TOO_LONG;
    }
    return file->text.size > 0 ? TRACE_END_TORN : TRACE_END_NONE;
}

enum error trace_file_check(const struct trace_file *file, struct problem *ret_problem)
{
    if (ferror(file->stream) == 0)
        return ERROR_NONE;
    return problem_set(ret_problem, ERROR_SYSTEM, "%s", strerror(errno));
}

void trace_file_close(struct trace_file *file)
{
    if (file->stream != NULL && file->stream != stdin)
        (void)fclose(file->stream);
    file->stream = NULL;
}
