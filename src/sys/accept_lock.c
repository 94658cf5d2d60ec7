#include "sys/accept_lock.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum error open_private(const char *directory, int *ret_fd, struct problem *problem)
{
    char path[CONFIG_PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/hypnotoad.XXXXXX", directory);
    if (length < 0 || (size_t)length >= sizeof path)
        return problem_set(problem, ERROR_FULL, "the name of directory \"%.100s...\" is too long",
                           directory);
    /* No signal may end the process while the file has a name: it would stay. */
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    int fd = mkostemp(path, O_CLOEXEC);
    enum error error = ERROR_NONE;
    if (fd < 0)
        error = problem_set(problem, ERROR_SYSTEM, "cannot create a lock file in \"%s\": %s",
                            directory, strerror(errno));
    else
        (void)unlink(path);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (error == ERROR_NONE)
        *ret_fd = fd;
    return error;
}

enum error accept_lock_open(const char *path, const char *directory, int *ret_fd,
                            struct problem *problem)
{
    if (path == NULL || path[0] == '\0')
        return open_private(directory, ret_fd, problem);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot open lock file \"%s\": %s", path,
                           strerror(errno));
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(fd);
        return problem_set(problem, ERROR_INVALID, "lock file \"%s\" is not a regular file", path);
    }
    *ret_fd = fd;
    return ERROR_NONE;
}

enum error accept_lock_share(int fd, int *ret_fd)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int shared = open(path, O_RDWR | O_CLOEXEC);
    if (shared < 0)
        return ERROR_SYSTEM;
    *ret_fd = shared;
    return ERROR_NONE;
}

enum error accept_lock_take(int fd)
{
    for (;;) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return ERROR_NONE;
        if (errno != EINTR)
            return errno == EWOULDBLOCK ? ERROR_BUSY : ERROR_SYSTEM;
    }
}

void accept_lock_release(int fd)
{
    (void)flock(fd, LOCK_UN);
}
