/* Any bytes as the traces of two generations, a NUL between them: a record is judged the same way
 * each time, a broken one is refused with its line, and whatever can be drawn is a picture of
 * bounded size, the same one each time (promises MGR-15, OBS-2). */
#include "tools/check.h"
#include "tools/timeline.h"
#include "tools/timeline_svg.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

enum {
    RECORD_SIZE_MAX = 262144,
    PICTURE_SIZE_MAX = 64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy with a byte behind it: fmemopen() refuses nothing at all. */
struct record {
    char bytes[RECORD_SIZE_MAX + 1];
    size_t size;
};

static void open_record(struct trace_file *file, struct record *record, const char *name)
{
    FILE *stream =
        record->size > 0 ? fmemopen(record->bytes, record->size, "r") : fopen("/dev/null", "r");
    MUST(stream != NULL);
    trace_file_begin(file, stream, name);
}

static enum error judge(struct check *check, struct trace_file *file, struct record *record)
{
    struct problem problem = {""};
    open_record(file, record, "record");
    enum error error = check_run(check, file, &problem);
    MUST((error == ERROR_NONE) == (problem.text[0] == '\0'));
    MUST(error == ERROR_NONE || file->number > 0);
    trace_file_close(file);
    return error;
}

static void judge_twice(struct trace_file *file, struct record *record)
{
    static struct check once;
    static struct check again;
    enum error error = judge(&once, file, record);
    MUST(judge(&again, file, record) == error);
    MUST(once.deviations.count <= DEVIATIONS_MAX && once.events == again.events);
    MUST(once.deviations.count == again.deviations.count);
    for (uint32_t i = 0; i < once.deviations.count; i++) {
        const struct deviation *deviation = &once.deviations.list[i];
        MUST(deviation->line > 0 && deviation->text[0] != '\0');
        MUST(strcmp(deviation->text, again.deviations.list[i].text) == 0);
    }
    /* Nobody leaves the policy and keeps every promise. */
    MUST(error != ERROR_NONE || once.is_following || once.deviations.count > 0);
}

static bool add(struct timeline *timeline, struct trace_file *file, struct record *record,
                const char *name)
{
    struct problem problem;
    open_record(file, record, name);
    enum error error = timeline_add(timeline, file, &problem);
    trace_file_close(file);
    return error == ERROR_NONE;
}

static char *draw(const struct timeline *timeline, size_t *ret_size)
{
    char *picture = NULL;
    FILE *stream = open_memstream(&picture, ret_size);
    MUST(stream != NULL);
    timeline_draw(timeline, stream);
    MUST(fclose(stream) == 0);
    return picture;
}

static void check_picture(const struct timeline *timeline)
{
    size_t size = 0;
    size_t size_again = 0;
    char *picture = draw(timeline, &size);
    char *again = draw(timeline, &size_again);
    MUST(size == size_again && memcmp(picture, again, size) == 0 && size <= PICTURE_SIZE_MAX);
    MUST(memcmp(picture, "<svg ", 5) == 0 && strcmp(picture + size - 7, "</svg>\n") == 0);
    for (size_t i = 0; i < size; i++)
        MUST(picture[i] == '\n' || (unsigned char)picture[i] >= 0x20);
    free(picture);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trace_file file;
    static struct timeline timeline;
    static struct record records[2];
    struct problem problem;
    if (size > RECORD_SIZE_MAX)
        return 0;
    const uint8_t *between = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t first = between != NULL ? (size_t)(between - data) : size;
    records[0].size = first;
    records[1].size = between != NULL ? size - first - 1 : 0;
    if (size > 0)
        memcpy(records[0].bytes, data, first);
    if (between != NULL)
        memcpy(records[1].bytes, between + 1, records[1].size);

    judge_twice(&file, &records[0]);
    timeline_init(&timeline);
    bool is_drawn = add(&timeline, &file, &records[0], "old & <new>") &&
                    (between == NULL || add(&timeline, &file, &records[1], "\xff\x01"));
    if (is_drawn && timeline_align(&timeline, &problem) == ERROR_NONE)
        check_picture(&timeline);
    return 0;
}
