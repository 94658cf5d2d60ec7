#include "sys/unix_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    /* Nobody keeps the lock for longer than a few system calls. */
    LOCK_ATTEMPTS_MAX = 200,
    LOCK_PAUSE_MS = 10,
};

static_assert(sizeof((struct sockaddr_un *)NULL)->sun_path == ENDPOINT_PATH_MAX,
              "a path that a listen value may have fits into a name");

static enum error refuse(const char *path, int reason, struct problem *problem)
{
    return problem_set(problem, reason == EADDRINUSE ? ERROR_BUSY : ERROR_SYSTEM,
                       "cannot listen on \"%s\": %s", path, strerror(reason));
}

static enum error name_socket(const char *path, struct sockaddr_un *ret_name,
                              struct problem *problem)
{
    if (strlen(path) >= sizeof ret_name->sun_path)
        return problem_set(problem, ERROR_FULL, "the path \"%.100s...\" is longer than %zu bytes",
                           path, sizeof ret_name->sun_path - 1);
    *ret_name = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret_name->sun_path, path, strlen(path));
    return ERROR_NONE;
}

static void find_directory(const char *path, char ret_directory[ENDPOINT_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int length = slash == NULL || slash == path ? 1 : (int)(slash - path);
    (void)snprintf(ret_directory, ENDPOINT_PATH_MAX, "%.*s", length, slash == NULL ? "." : path);
}

static enum error refuse_directory(const char *path, struct problem *problem)
{
    char directory[ENDPOINT_PATH_MAX];
    int reason = errno;
    find_directory(path, directory);
    return problem_set(problem, ERROR_SYSTEM, "cannot listen on \"%s\": directory \"%s\": %s", path,
                       directory, strerror(reason));
}

static bool lock(int directory)
{
    for (int attempt = 0; attempt < LOCK_ATTEMPTS_MAX; attempt++) {
        if (flock(directory, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        (void)poll(NULL, 0, LOCK_PAUSE_MS);
    }
    errno = EWOULDBLOCK;
    return false;
}

/* Opens the directory of the path, locked until it is closed. */
static enum error lock_directory(const char *path, int *ret_directory, struct problem *problem)
{
    char name[ENDPOINT_PATH_MAX];
    find_directory(path, name);
    int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return refuse_directory(path, problem);
    if (lock(directory)) {
        *ret_directory = directory;
        return ERROR_NONE;
    }
    bool is_held = errno == EWOULDBLOCK;
    enum error error =
        is_held ? problem_set(problem, ERROR_BUSY,
                              "cannot listen on \"%s\": another process keeps the lock of "
                              "its directory",
                              path)
                : refuse_directory(path, problem);
    (void)close(directory);
    return error;
}

/* Whether somebody holds a socket of this name: EADDRINUSE; ECONNREFUSED: nobody does. A datagram
 * socket asks, because a live stream is of another type for it and hears nothing of the question.
 */
static int probe(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int reason = connect(fd, (const struct sockaddr *)name, sizeof *name) == 0 ? 0 : errno;
    (void)close(fd);
    return reason == 0 || reason == EPROTOTYPE ? EADDRINUSE : reason;
}

static enum error refuse_other(const char *path, struct problem *problem)
{
    return problem_set(
        problem, ERROR_INVALID,
        "\"%s\" is there already and is not a socket; remove it or choose another path", path);
}

/* Removes what a server has left that is gone. */
static enum error make_way(const struct sockaddr_un *name, struct problem *problem)
{
    struct stat status;
    const char *path = name->sun_path;
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? ERROR_NONE : refuse(path, errno, problem);
    if (!S_ISSOCK(status.st_mode))
        return refuse_other(path, problem);
    int reason = probe(name);
    if (reason == ECONNREFUSED)
        reason = unlink(path) == 0 ? 0 : errno;
    return reason == 0 || reason == ENOENT ? ERROR_NONE : refuse(path, reason, problem);
}

static struct file_identity identity_of(const struct stat *status)
{
    return (struct file_identity){.device = status->st_dev, .inode = status->st_ino};
}

/* Holds the file itself, so that its permissions are not given to what somebody has put in its
 * place: neither a symbolic link nor another name of another server's socket. */
static int hold_file(const char *path, struct file_identity *ret_file)
{
    struct stat status;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_nlink == 1) {
        *ret_file = identity_of(&status);
        return fd;
    }
    (void)close(fd);
    errno = EBUSY;
    return -1;
}

static bool set_mode(int file, unsigned mode)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return chmod(path, mode) == 0;
}

/* Nobody can connect before it listens, so nobody can before the permissions are right. */
static bool set_up(int fd, const struct unix_address *address, struct file_identity *ret_file)
{
    int file = hold_file(address->path, ret_file);
    if (file < 0)
        return false;
    bool is_up = set_mode(file, address->mode) && listener_listen(fd, address->queue);
    int reason = errno;
    (void)close(file);
    errno = reason;
    return is_up;
}

static enum error bind_name(const struct sockaddr_un *name, const struct unix_address *address,
                            int *ret_fd, struct file_identity *ret_file, struct problem *problem)
{
    struct file_identity file;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)name, sizeof *name) == 0;
    if (is_bound && set_up(fd, address, &file)) {
        *ret_fd = fd;
        *ret_file = file;
        return ERROR_NONE;
    }
    enum error error = refuse(address->path, errno, problem);
    if (is_bound)
        (void)unlink(address->path);
    if (fd >= 0)
        (void)close(fd);
    return error;
}

static bool is_bound_to(int fd, const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNSPEC};
    socklen_t size = sizeof name;
    return fd >= 0 && getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
           name.sun_family == AF_UNIX && strncmp(name.sun_path, path, sizeof name.sun_path) == 0;
}

static bool is_the_file(const char *path, struct file_identity file)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
           file_identity_equal(identity_of(&status), file);
}

/* An inherited socket that is still found under this path; of those of others one does not ask. */
static bool take_heritage(const struct unix_address *address, int *ret_fd,
                          struct file_identity *ret_file)
{
    struct listener_heritage *heritage = address->heritage;
    for (size_t i = 0; heritage != NULL && i < heritage->count; i++) {
        int fd = heritage->fds[i];
        struct file_identity file = heritage->files[i];
        bool is_found = file_identity_is_none(file) || is_the_file(address->path, file);
        if (!is_bound_to(fd, address->path) || !is_found ||
            listener_adopt(fd, address->queue) != ERROR_NONE)
            continue;
        heritage->fds[i] = -1;
        *ret_fd = fd;
        *ret_file = file;
        return true;
    }
    return false;
}

enum error unix_listener_open(const struct unix_address *address, int *ret_fd,
                              struct file_identity *ret_file, struct problem *problem)
{
    struct sockaddr_un name;
    int directory = -1;
    if (take_heritage(address, ret_fd, ret_file))
        return ERROR_NONE;
    enum error error = name_socket(address->path, &name, problem);
    if (error == ERROR_NONE)
        error = lock_directory(address->path, &directory, problem);
    if (error != ERROR_NONE)
        return error;
    error = make_way(&name, problem);
    if (error == ERROR_NONE)
        error = bind_name(&name, address, ret_fd, ret_file, problem);
    (void)close(directory);
    return error;
}

enum error unix_listener_check(const char *path, struct problem *problem)
{
    struct stat status;
    struct sockaddr_un name;
    char directory[ENDPOINT_PATH_MAX];
    enum error error = name_socket(path, &name, problem);
    if (error != ERROR_NONE)
        return error;
    bool is_there = lstat(path, &status) == 0;
    if (!is_there && errno != ENOENT)
        return refuse(path, errno, problem);
    if (is_there && !S_ISSOCK(status.st_mode))
        return refuse_other(path, problem);
    find_directory(path, directory);
    return access(directory, R_OK | W_OK | X_OK) == 0 ? ERROR_NONE
                                                      : refuse_directory(path, problem);
}

void unix_listener_set_mode(const char *path, struct file_identity file, unsigned mode)
{
    struct file_identity found;
    int fd = hold_file(path, &found);
    if (fd < 0)
        return;
    if (file_identity_equal(found, file))
        (void)set_mode(fd, mode);
    (void)close(fd);
}

static void remove_file(const char *path, struct file_identity file, bool must_be_stale)
{
    struct sockaddr_un name;
    struct problem problem;
    int directory = -1;
    if (!is_the_file(path, file) || name_socket(path, &name, &problem) != ERROR_NONE ||
        lock_directory(path, &directory, &problem) != ERROR_NONE)
        return;
    bool may_go = !must_be_stale || probe(&name) == ECONNREFUSED;
    if (may_go && is_the_file(path, file))
        (void)unlink(path);
    (void)close(directory);
}

void unix_listener_remove(const char *path, struct file_identity file)
{
    remove_file(path, file, true);
}

void unix_listener_withdraw(const char *path, struct file_identity file)
{
    remove_file(path, file, false);
}
