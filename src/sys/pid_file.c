#include "sys/pid_file.h"

#include "base/bytes.h"
#include "sys/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void pid_file_init(struct pid_file *file, const char *path)
{
    *file = (struct pid_file){.path = path, .fd = -1};
}

/* Somebody who lives holds the lock of what stands under the name. */
static bool is_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool is_locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return is_locked;
}

static enum error refuse_foreign(const char *path, int32_t predecessor, struct problem *problem)
{
    int32_t owner = 0;
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return problem_set(problem, ERROR_INVALID,
                           "PID file \"%s\" is not a regular file; remove it or choose another "
                           "pid_file",
                           path);
    bool is_predecessors =
        predecessor != 0 && pid_file_owner(path, &owner) == ERROR_NONE && owner == predecessor;
    if (!is_predecessors && is_held(path))
        return problem_set(problem, ERROR_BUSY,
                           "PID file \"%s\" belongs to a server that is running", path);
    return ERROR_NONE;
}

/* Closes the file and with it gives its lock back; that it was once published is not forgotten. */
static void let_go(struct pid_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd);
    file->fd = -1;
    file->is_drafted = false;
}

static bool name_draft(const char *path, int32_t pid, char *ret_name, size_t size)
{
    int length = snprintf(ret_name, size, "%s.%d", path, (int)pid);
    return length > 0 && (size_t)length < size;
}

static enum error write_draft(struct pid_file *file, struct problem *problem)
{
    if (!name_draft(file->path, (int32_t)getpid(), file->draft, sizeof file->draft))
        return problem_set(problem, ERROR_FULL, "the name of PID file \"%.100s...\" is too long",
                           file->path);
    (void)unlink(file->draft);
    file->fd = open(file->draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file->fd < 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot create PID file \"%s\": %s", file->path,
                           strerror(errno));
    file->is_drafted = true;
    char text[16];
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    errno = ENOSPC; /* what a write that takes but a part of it means */
    if (fchmod(file->fd, 0644) != 0 || flock(file->fd, LOCK_EX | LOCK_NB) != 0 ||
        write(file->fd, text, (size_t)length) != (ssize_t)length || fsync(file->fd) != 0) {
        enum error error = problem_set(problem, ERROR_SYSTEM, "cannot write PID file \"%s\": %s",
                                       file->path, strerror(errno));
        (void)unlink(file->draft);
        let_go(file);
        return error;
    }
    return ERROR_NONE;
}

enum error pid_file_owner(const char *path, int32_t *ret_pid)
{
    char text[16];
    uint64_t number = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return ERROR_NOT_FOUND;
    ssize_t size = read(fd, text, sizeof text);
    int32_t holder = file_lock_holder(fd);
    (void)close(fd);
    /* Nothing but what write_draft() writes; so no number is cut off by the buffer either. */
    if (size <= 1 || text[0] == '0' || text[size - 1] != '\n' ||
        !bytes_to_number((struct bytes){text, (size_t)size - 1}, INT32_MAX, &number) ||
        number <= 1 || (int32_t)number != holder)
        return ERROR_NOT_FOUND;
    *ret_pid = holder;
    return ERROR_NONE;
}

enum error pid_file_draft(struct pid_file *file, int32_t predecessor, struct problem *problem)
{
    enum error error = refuse_foreign(file->path, predecessor, problem);
    return error == ERROR_NONE ? write_draft(file, problem) : error;
}

enum error pid_file_replace(struct pid_file *file, struct problem *problem)
{
    if (rename(file->draft, file->path) != 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot replace PID file \"%s\": %s", file->path,
                           strerror(errno));
    file->is_drafted = false;
    file->is_published = true;
    return ERROR_NONE;
}

/* Puts the draft in the place of a stale file, under that one's lock, so that of two starts only
 * one can. ERROR_AGAIN: another one was there meanwhile. */
static enum error displace_stale(struct pid_file *file, struct problem *problem)
{
    int stale = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (stale < 0)
        return errno == ENOENT
                   ? ERROR_AGAIN
                   : problem_set(problem, ERROR_SYSTEM, "cannot replace PID file \"%s\": %s",
                                 file->path, strerror(errno));
    struct stat held;
    struct stat named;
    enum error error = ERROR_AGAIN;
    if (flock(stale, LOCK_EX | LOCK_NB) != 0)
        error = problem_set(problem, ERROR_BUSY,
                            "PID file \"%s\" belongs to a server that is running", file->path);
    else if (fstat(stale, &held) == 0 && stat(file->path, &named) == 0 &&
             held.st_ino == named.st_ino && held.st_dev == named.st_dev)
        error = pid_file_replace(file, problem);
    (void)close(stale);
    return error;
}

static enum error make_ready(struct pid_file *file, struct problem *problem)
{
    if (file->is_drafted)
        return ERROR_NONE;
    let_go(file); /* the file that was lost */
    return write_draft(file, problem);
}

enum error pid_file_publish(struct pid_file *file, struct problem *problem)
{
    enum error error = make_ready(file, problem);
    if (error != ERROR_NONE)
        return error;
    /* Each round puts the file in place or finds a live owner, unless others start as well. */
    error = ERROR_AGAIN;
    for (int round = 0; error == ERROR_AGAIN && round < 8; round++) {
        if (link(file->draft, file->path) == 0) {
            /* One that stays is taken away at the end. */
            file->is_drafted = unlink(file->draft) != 0;
            file->is_published = true;
            return ERROR_NONE;
        }
        error = errno == EEXIST
                    ? displace_stale(file, problem)
                    : problem_set(problem, ERROR_SYSTEM, "cannot write PID file \"%s\": %s",
                                  file->path, strerror(errno));
    }
    if (error == ERROR_AGAIN)
        error = problem_set(problem, ERROR_BUSY, "PID file \"%s\" is taken again and again",
                            file->path);
    return error;
}

bool pid_file_is_lost(const struct pid_file *file)
{
    struct stat status;
    return file->is_published && lstat(file->path, &status) != 0 && errno == ENOENT;
}

/* Somebody has written another number into it. */
static bool names_another(int fd)
{
    char text[16];
    uint64_t number = 0;
    ssize_t size = pread(fd, text, sizeof text, 0);
    return size > 1 &&
           bytes_to_number((struct bytes){text, (size_t)size - 1}, INT32_MAX, &number) &&
           number != (uint64_t)getpid();
}

/* The file that we have written, and nobody else since. */
static bool is_ours(const struct pid_file *file)
{
    struct stat held;
    struct stat named;
    return fstat(file->fd, &held) == 0 && lstat(file->path, &named) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev && !names_another(file->fd);
}

void pid_file_remove(struct pid_file *file)
{
    if (file->is_drafted)
        (void)unlink(file->draft);
    /* Promise PID-1 */
    if (file->is_published && is_ours(file))
        (void)unlink(file->path);
    pid_file_abandon(file);
}

void pid_file_remove_draft(const char *path, int32_t pid)
{
    char name[CONFIG_PATH_MAX];
    if (pid > 0 && name_draft(path, pid, name, sizeof name))
        (void)unlink(name);
}

void pid_file_abandon(struct pid_file *file)
{
    let_go(file);
    file->is_published = false;
}
