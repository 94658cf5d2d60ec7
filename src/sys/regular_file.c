#include "sys/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum error read_all(int fd, const char *path, struct buffer *buffer, struct problem *problem)
{
    for (;;) {
        char chunk[4096];
        ssize_t size = read(fd, chunk, sizeof chunk);
        if (size == 0)
            return ERROR_NONE;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return problem_set(problem, ERROR_SYSTEM, "cannot read \"%s\": %s", path,
                               strerror(errno));
        if (!buffer_append(buffer, (struct bytes){chunk, (size_t)size}))
            return problem_set(problem, ERROR_FULL, "\"%s\" is larger than %zu bytes", path,
                               buffer->capacity);
    }
}

enum error regular_file_read(const char *path, struct buffer *buffer, struct problem *problem)
{
    /* A FIFO must not keep the reader waiting. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return problem_set(problem, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM,
                           "cannot read \"%s\": %s", path, strerror(errno));
    struct stat status;
    enum error error = ERROR_NONE;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        error = problem_set(problem, ERROR_INVALID, "\"%s\" is not a regular file", path);
    else
        error = read_all(fd, path, buffer, problem);
    (void)close(fd);
    return error;
}

static enum error check_directory(const char *path, const char *what, struct problem *problem)
{
    char directory[CONFIG_PATH_MAX];
    if (snprintf(directory, sizeof directory, "%s", path) >= (int)sizeof directory)
        return problem_set(problem, ERROR_FULL, "%s \"%.100s...\" has too long a name", what, path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        (void)snprintf(directory, sizeof directory, ".");
    else
        slash[slash == directory ? 1 : 0] = '\0';
    if (access(directory, W_OK | X_OK) == 0)
        return ERROR_NONE;
    return problem_set(problem, ERROR_SYSTEM, "%s \"%s\" cannot be written in \"%s\": %s", what,
                       path, directory, strerror(errno));
}

enum error regular_file_check(const char *path, const char *what, struct problem *problem)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? check_directory(path, what, problem)
                               : problem_set(problem, ERROR_SYSTEM, "%s \"%s\": %s", what, path,
                                             strerror(errno));
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, ERROR_INVALID, "%s \"%s\" is not a regular file", what, path);
    if (access(path, W_OK) != 0)
        return problem_set(problem, ERROR_SYSTEM, "%s \"%s\" cannot be written: %s", what, path,
                           strerror(errno));
    return ERROR_NONE;
}
