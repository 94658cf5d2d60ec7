/* standalone_main - replays a corpus through a fuzz target, for compilers without libFuzzer and for
 * every test run.
 *
 * usage: fuzz_NAME FILE-OR-DIRECTORY...
 * Fails if an argument cannot be read or holds no file: a corpus that is gone must not look like
 * one that passes. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PATH_SIZE_MAX = 4096
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *path, const char *reason)
{
    (void)fprintf(stderr, "%s: %s\n", path, reason);
    exit(EXIT_FAILURE);
}

/* The memory is exactly as large as the input, so that a sanitizer sees the first byte read beyond
 * it. */
static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail(path, strerror(errno));
    uint8_t *data = malloc(size);
    if (data == NULL && size > 0)
        fail(path, "out of memory");
    if (size > 0 && fread(data, 1, size, file) != size)
        fail(path, "cannot be read whole");
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static size_t replay(const char *path);

static size_t replay_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        fail(path, strerror(errno));
    size_t count = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char inner[PATH_SIZE_MAX];
        if (entry->d_name[0] == '.')
            continue;
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof inner)
            fail(path, "the path is too long");
        count += replay(inner);
    }
    (void)closedir(directory);
    return count;
}

/* How many inputs the target has seen. */
static size_t replay(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        fail(path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return replay_directory(path);
    replay_file(path, (size_t)facts.st_size);
    return 1;
}

int main(int count, char **arguments)
{
    if (count < 2)
        fail("usage", "fuzz_NAME FILE-OR-DIRECTORY...");
    for (int index = 1; index < count; index++) {
        size_t inputs = replay(arguments[index]);
        if (inputs == 0)
            fail(arguments[index], "holds no input");
        (void)printf("%s: %zu inputs replayed\n", arguments[index], inputs);
    }
    return EXIT_SUCCESS;
}
