/* The calls that deal with files. */
#include "audit.h"
#include "calls.h"
#include "history.h"
#include "kernel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* As the C library returns it. */
static int outcome(int result)
{
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

static bool is_simulated(const char *path)
{
    return strncmp(path, FILE_ROOM, sizeof FILE_ROOM - 1) == 0;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list values;
    va_start(values, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(values, mode_t) : 0;
    va_end(values);
    if (!is_simulated(path))
        return __real_open(path, flags, mode);
    kernel_enter();
    if ((flags & O_CREAT) != 0)
        audit_act("creates a file");
    kernel.files.is_looked_at = true;
    int file = file_room_open(&kernel.files, path, flags);
    if (file < 0) {
        if ((flags & O_CREAT) != 0)
            audit_file_refused();
        return outcome(file);
    }
    kernel.files.files[file].opened++;
    return calls_open(DESCRIPTOR_FILE, file);
}

int __wrap_close(int fd)
{
    if (calls_kind(fd) == DESCRIPTOR_NONE)
        return __real_close(fd);
    kernel_enter();
    if (calls_kind(fd) == DESCRIPTOR_FILE)
        file_room_close(&kernel.files, calls_file(fd), fd);
    calls_release(fd);
    return 0;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (fd == STDERR_FILENO) {
        history_quote(kernel.now_us, bytes, size);
        audit_act("writes to its log");
        return (ssize_t)size;
    }
    if (calls_kind(fd) == DESCRIPTOR_NONE)
        return __real_write(fd, bytes, size);
    kernel_enter();
    if (calls_kind(fd) == DESCRIPTOR_OTHER) /* the gate of the workers */
        return (ssize_t)size;
    ssize_t written = file_room_write(&kernel.files, calls_file(fd), bytes, size);
    if (written < (ssize_t)size)
        audit_file_refused();
    if (written < 0)
        errno = (int)-written;
    return written < 0 ? -1 : written;
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
    kernel_enter();
    assert(calls_kind(fd) == DESCRIPTOR_FILE && offset == 0);
    if (kernel.files.trouble == FILE_TROUBLE_IO)
        return outcome(-EIO);
    const struct file *file = &kernel.files.files[calls_file(fd)];
    size_t given = size < file->size ? size : file->size;
    memcpy(bytes, file->text, given);
    return (ssize_t)given;
}

int __wrap_unlink(const char *path)
{
    kernel_enter();
    audit_unlink(path);
    return outcome(file_room_unlink(&kernel.files, path));
}

int __wrap_link(const char *from, const char *to)
{
    kernel_enter();
    int result = file_room_link(&kernel.files, from, to);
    if (result == 0)
        audit_link(to);
    else
        audit_file_refused();
    return outcome(result);
}

int __wrap_rename(const char *from, const char *to)
{
    kernel_enter();
    audit_rename(to);
    int result = file_room_rename(&kernel.files, from, to);
    if (result == 0)
        audit_link(to);
    else
        audit_file_refused();
    return outcome(result);
}

static void describe(int file, struct stat *status)
{
    *status = (struct stat){
        .st_dev = 1, .st_ino = (ino_t)file + 1, .st_mode = S_IFREG | 0644, .st_nlink = 1};
}

int __wrap_lstat(const char *path, struct stat *status)
{
    kernel_enter();
    kernel.files.is_looked_at = true;
    int file = file_room_find(&kernel.files, path);
    if (file == NO_FILE)
        return outcome(-ENOENT);
    describe(file, status);
    return 0;
}

int __wrap_stat(const char *path, struct stat *status)
{
    return __wrap_lstat(path, status);
}

int __wrap_fstat(int fd, struct stat *status)
{
    kernel_enter();
    if (calls_kind(fd) != DESCRIPTOR_FILE)
        return outcome(-EBADF);
    describe(calls_file(fd), status);
    return 0;
}

int __wrap_flock(int fd, int operation)
{
    (void)operation;
    kernel_enter();
    return outcome(file_room_lock(&kernel.files, calls_file(fd), fd));
}

int __wrap_fchmod(int fd, mode_t mode)
{
    (void)fd;
    (void)mode;
    kernel_enter();
    return 0;
}

int __wrap_fsync(int fd)
{
    (void)fd;
    kernel_enter();
    if (kernel.files.trouble != FILE_TROUBLE_IO)
        return 0;
    audit_file_refused();
    return outcome(-EIO);
}
