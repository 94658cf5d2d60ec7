#include "kit/descriptors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NUMBERS_MAX = 256
};

/* In the order of the numbers, which the directory does not promise. */
static size_t read_numbers(const char *path, int own, bool is_there[NUMBERS_MAX])
{
    DIR *entries = opendir(path);
    size_t count = 0;
    if (entries == NULL)
        return 0;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char *end = NULL;
        long number = strtol(entry->d_name, &end, 10);
        bool is_number = entry->d_name[0] != '.' && *end == '\0';
        if (!is_number || number >= NUMBERS_MAX || (own && number == dirfd(entries)))
            continue;
        is_there[number] = true;
        count++;
    }
    (void)closedir(entries);
    return count;
}

static struct descriptors look(const char *path, bool is_own)
{
    struct descriptors found = {.text = ""};
    bool is_there[NUMBERS_MAX] = {false};
    if (read_numbers(path, is_own, is_there) == 0)
        return found;
    size_t used = 0;
    for (int number = 0; number < NUMBERS_MAX && used < sizeof found.text; number++) {
        char link[64];
        char target[256];
        if (!is_there[number])
            continue;
        (void)snprintf(link, sizeof link, "%s/%d", path, number);
        ssize_t size = readlink(link, target, sizeof target - 1);
        target[size < 0 ? 0 : size] = '\0';
        used += (size_t)snprintf(found.text + used, sizeof found.text - used, "%d %s\n", number,
                                 target);
    }
    return found;
}

struct descriptors descriptors_look(void)
{
    return look("/proc/self/fd", true);
}

struct descriptors descriptors_of(pid_t pid)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    return look(path, false);
}

size_t descriptors_count(const struct descriptors *descriptors)
{
    size_t lines = 0;
    for (const char *byte = descriptors->text; *byte != '\0'; byte++)
        lines += *byte == '\n';
    return lines;
}

/* How many lines say what the line at `line` says behind its number. */
static size_t count_same(const char *text, const char *line)
{
    const char *target = strchr(line, ' ');
    size_t size = (size_t)(strchr(line, '\n') - target) + 1;
    size_t same = 0;
    for (; *text != '\0'; text = strchr(text, '\n') + 1)
        same += strncmp(strchr(text, ' '), target, size) == 0;
    return same;
}

bool descriptors_equal(const struct descriptors *a, const struct descriptors *b)
{
    for (const char *line = a->text; *line != '\0'; line = strchr(line, '\n') + 1)
        if (count_same(a->text, line) != count_same(b->text, line))
            return false;
    return descriptors_count(a) == descriptors_count(b);
}
