#include "main/config_file.h"

#include "base/buffer.h"
#include "config/config_perl.h"
#include "config/config_text.h"
#include "sys/command.h"
#include "sys/regular_file.h"

#include <stdlib.h>
#include <string.h>

/* How long a configuration may take to evaluate itself. */
#define PERL_TIMEOUT_US (10 * SECOND_US)

static enum error explain(const struct command_result *result, struct buffer *errors,
                          const char *path, struct problem *problem)
{
    if (result->is_late)
        return problem_set(problem, ERROR_INVALID, "%s: perl did not finish it within %d seconds",
                           path, (int)(PERL_TIMEOUT_US / SECOND_US));
    if (result->is_too_long)
        return problem_set(problem, ERROR_INVALID, "%s: evaluated, it is larger than %d bytes",
                           path, CONFIG_FILE_SIZE_MAX);
    if (result->status == 127 && errors->size == 0)
        return problem_set(problem, ERROR_INVALID,
                           "%s: it is more than data, and there is no perl to evaluate it", path);
    size_t line = bytes_find(buffer_view(errors), '\n');
    if (line == 0)
        return problem_set(problem, ERROR_INVALID, "%s: perl failed to evaluate it (status %d)",
                           path, result->status);
    return problem_set(problem, ERROR_INVALID, "%.*s", (int)line, errors->data);
}

/* Has perl print the file as data, into `output`. */
static enum error evaluate(const char *path, struct buffer *output, struct problem *problem)
{
    static char error_storage[65536];
    struct buffer errors;
    buffer_init(&errors, error_storage, sizeof error_storage);
    const char *arguments[] = {"perl", "-e", CONFIG_PERL_PROGRAM, path, NULL};
    struct command_result result;
    if (command_run(arguments, PERL_TIMEOUT_US, output, &errors, &result) != ERROR_NONE)
        return problem_set(problem, ERROR_SYSTEM, "%s: perl could not be started", path);
    bool is_done = !result.is_late && !result.is_too_long && result.status == 0;
    return is_done ? ERROR_NONE : explain(&result, &errors, path, problem);
}

static enum error read_text(const char *path, struct buffer *text, struct config *ret_config,
                            struct problem *problem)
{
    struct config_source source = {.text = buffer_view(text), .file_name = path};
    switch (config_text_judge(&source, problem)) {
    case PERL_VERDICT_DATA:
        return config_read(&source, problem, ret_config);
    case PERL_VERDICT_WRONG:
        return ERROR_INVALID;
    case PERL_VERDICT_MORE:
        break;
    }
    char absolute[CONFIG_PATH_MAX];
    if (realpath(path, absolute) == NULL)
        return problem_set(problem, ERROR_SYSTEM, "cannot find \"%s\" again", path);
    buffer_clear(text);
    enum error error = evaluate(absolute, text, problem);
    if (error != ERROR_NONE)
        return error;
    source.text = buffer_view(text);
    source.is_evaluated = true;
    return config_read(&source, problem, ret_config);
}

enum error config_file_read(const char *path, bool is_required, struct config *ret_config,
                            struct problem *problem)
{
    static char storage[CONFIG_FILE_SIZE_MAX];
    struct buffer text;
    buffer_init(&text, storage, sizeof storage);
    enum error error = regular_file_read(path, &text, problem);
    if (error == ERROR_NOT_FOUND && !is_required) {
        config_set_defaults(ret_config);
        return ERROR_NONE;
    }
    return error == ERROR_NONE ? read_text(path, &text, ret_config, problem) : error;
}
