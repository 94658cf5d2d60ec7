#include "config/config_text.h"
#include "base/limits.h"
#include "config/config_reader.h"
#include "config/place.h"

#include <stdarg.h>
#include <stdio.h>

enum error config_source_explain(const struct config_source *source, size_t offset,
                                 struct problem *problem, const char *format, ...)
{
    char line[PROBLEM_TEXT_MAX];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (source->is_evaluated)
        return problem_set(problem, ERROR_INVALID, "%s: %s", source->file_name, line);
    struct place place = place_of(source->text, offset);
    return problem_set(problem, ERROR_INVALID, "%s:%zu:%zu: %s", source->file_name, place.line,
                       place.column, line);
}

static void explain_fault(const struct config_source *source, const struct perl_fault *fault,
                          struct problem *problem)
{
    struct place opener = place_of(source->text, fault->opener);
    if (fault->has_opener && !source->is_evaluated)
        (void)config_source_explain(source, fault->offset, problem, "%s opened at %zu:%zu",
                                    fault->reason, opener.line, opener.column);
    else
        (void)config_source_explain(source, fault->offset, problem, "%s", fault->reason);
}

enum perl_verdict config_text_judge(const struct config_source *source, struct problem *problem)
{
    struct config_reader reader;
    struct config_event event = {.kind = CONFIG_EVENT_UNDEF};
    enum perl_verdict verdict = PERL_VERDICT_DATA;
    if (source->text.size > CONFIG_FILE_SIZE_MAX) {
        (void)problem_set(problem, ERROR_INVALID, "%s: the file has %zu bytes, at most %d are read",
                          source->file_name, source->text.size, CONFIG_FILE_SIZE_MAX);
        return PERL_VERDICT_WRONG;
    }
    config_reader_init(&reader, source->text, NULL, 0);
    while (verdict == PERL_VERDICT_DATA && event.kind != CONFIG_EVENT_END)
        verdict = config_reader_next(&reader, &event);
    if (verdict != PERL_VERDICT_DATA)
        explain_fault(source, &reader.fault, problem);
    return verdict;
}
