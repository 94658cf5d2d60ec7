#include "tools/timeline_run.h"

#include "tools/timeline.h"
#include "tools/timeline_svg.h"

#include <stdio.h>

static int complain(const struct trace_file *file, const struct problem *problem)
{
    (void)fprintf(stderr, "%s:%ju: %s\n", file->name, (uintmax_t)file->number, problem->text);
    return 1;
}

static int add_file(struct timeline *timeline, const char *path)
{
    static struct trace_file file; /* large */
    struct problem problem;
    if (trace_file_open(&file, path, &problem) != ERROR_NONE) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    int status =
        timeline_add(timeline, &file, &problem) == ERROR_NONE ? 0 : complain(&file, &problem);
    trace_file_close(&file);
    return status;
}

int timeline_run(int count, char **paths)
{
    static struct timeline timeline; /* large */
    struct problem problem;
    timeline_init(&timeline);
    for (int i = 0; i < count; i++)
        if (add_file(&timeline, paths[i]) != 0)
            return 1;
    if (timeline_align(&timeline, &problem) != ERROR_NONE) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    timeline_draw(&timeline, stdout);
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return 0;
    (void)fprintf(stderr, "hypnotoad-sim: standard output cannot be written\n");
    return 1;
}
