#include "apps/static_file.h"

#include "apps/static_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    /* A FIFO must not keep the worker waiting. */
    READ_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    ATTEMPTS_MAX = 8
};

int static_root_open(const char *path)
{
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_beneath(int root, const char *name)
{
    struct open_how how = {.flags = READ_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = -1;
    /* EAGAIN: something was renamed just while a link went upwards (openat2(2)). */
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        fd = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            return fd;
    }
    return fd;
}

static int open_segment(int directory, const char *name, size_t size, int flags)
{
    char segment[STATIC_NAME_SIZE];
    if (size >= sizeof segment) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(segment, name, size);
    segment[size] = '\0';
    return openat(directory, segment, flags | O_NOFOLLOW);
}

/* Segment by segment, so that no link is followed at any of them. */
static int open_by_steps(int root, const char *name)
{
    int directory = root;
    for (;;) {
        size_t size = strcspn(name, "/");
        bool is_last = name[size] == '\0';
        int flags = is_last ? READ_FLAGS : O_PATH | O_DIRECTORY | O_CLOEXEC;
        int fd = open_segment(directory, name, size, flags);
        int error = errno;
        if (directory != root)
            (void)close(directory);
        errno = error;
        if (fd < 0 || is_last)
            return fd;
        directory = fd;
        name += size + 1;
    }
}

int static_file_open(int root, const char *name)
{
    int fd = open_beneath(root, name);
    /* EPERM is what sandboxes say that do not know the call. */
    bool is_missing = fd < 0 && (errno == ENOSYS || errno == EPERM);
    return is_missing ? open_by_steps(root, name) : fd;
}
