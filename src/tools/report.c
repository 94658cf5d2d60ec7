#include "tools/report.h"

#include "tools/check.h"
#include "tools/trace_file.h"

#include <stdio.h>

/* The lines of one step are not found in their order; there are few. */
static const struct deviation *next_deviation(const struct deviations *deviations,
                                              const struct deviation *last)
{
    const struct deviation *next = NULL;
    for (uint32_t i = 0; i < deviations->count; i++) {
        const struct deviation *one = &deviations->list[i];
        bool is_behind =
            last == NULL || one->line > last->line || (one->line == last->line && one > last);
        if (is_behind && (next == NULL || one->line < next->line))
            next = one;
    }
    return next;
}

static void print_deviations(const struct deviations *deviations, const char *name)
{
    const struct deviation *one = NULL;
    while ((one = next_deviation(deviations, one)) != NULL)
        (void)printf("%s:%ju: %s (promise %s)\n", name, (uintmax_t)one->line, one->text,
                     one->promise);
    if (deviations->dropped > 0)
        (void)printf("%s: %u deviations more\n", name, deviations->dropped);
}

static int check_file(struct check *check, struct trace_file *file)
{
    struct problem problem;
    enum error error = check_run(check, file, &problem);
    print_deviations(&check->deviations, file->name);
    if (error != ERROR_NONE) {
        (void)fprintf(stderr, "%s:%ju: %s\n", file->name, (uintmax_t)file->number, problem.text);
        return 1;
    }
    if (check->deviations.count > 0)
        return 1;
    return printf("%s: %ju events, %ju actions, no promise broken\n", file->name,
                  (uintmax_t)check->events, (uintmax_t)check->actions) < 0;
}

int report_run(const char *path)
{
    static struct check check; /* large, as the next one */
    static struct trace_file file;
    struct problem problem;
    if (trace_file_open(&file, path, &problem) != ERROR_NONE) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    int status = check_file(&check, &file);
    trace_file_close(&file);
    return status;
}
