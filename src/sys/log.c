#include "sys/log.h"

#include "base/limits.h"
#include "sys/clock.h"
#include "sys/log_file.h"

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    const char *path; /* borrowed; NULL: standard error */
    int fd;
    int tee;
    enum log_level least;
} target = {NULL, STDERR_FILENO, -1, LOG_LEVEL_INFO};

static enum error open_file(const char *path)
{
    int fd = -1;
    if (log_file_open(path, &fd) != ERROR_NONE)
        return ERROR_SYSTEM;
    if (target.path != NULL)
        (void)close(target.fd);
    target.path = path;
    target.fd = fd;
    return ERROR_NONE;
}

enum error log_open(const char *path)
{
    return open_file(path);
}

enum error log_reopen(void)
{
    return target.path == NULL ? ERROR_NONE : open_file(target.path);
}

void log_set_least(enum log_level least)
{
    target.least = least;
}

void log_tee(int fd)
{
    if (target.tee >= 0)
        (void)close(target.tee);
    target.tee = fd;
}

int log_descriptor(void)
{
    return target.fd;
}

bool log_has_file(void)
{
    return target.path != NULL;
}

static const char *level_text(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_ERROR:
        return "error";
    }
    return "?";
}

static int write_prefix(char *line, size_t size, enum log_level level)
{
    int64_t now_us = clock_unix_us();
    time_t seconds = (time_t)(now_us / SECOND_US);
    struct tm date;
    if (gmtime_r(&seconds, &date) == NULL)
        memset(&date, 0, sizeof date);
    return snprintf(line, size, "%04d-%02d-%02d %02d:%02d:%02d.%03d [%d] %s ", date.tm_year + 1900,
                    date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec,
                    (int)(now_us % SECOND_US / MILLISECOND_US), (int)getpid(), level_text(level));
}

/* Standard error may be a pipe that blocks and that nobody reads: one that takes a line takes it
 * whole, because a line is shorter than PIPE_BUF. */
static bool can_take_a_line(int fd)
{
    static_assert((int)LOG_LINE_MAX < PIPE_BUF, "a line is written whole");
    struct pollfd watched = {.fd = fd, .events = POLLOUT};
    return poll(&watched, 1, 0) == 1 && (watched.revents & POLLOUT) != 0;
}

/* A log that is full or gone must not stop the server. */
static void write_line(int fd, const char *line, size_t size)
{
    if (fd < 0 || !can_take_a_line(fd))
        return;
    ssize_t written = write(fd, line, size);
    (void)written;
}

void log_write(enum log_level level, const char *format, ...)
{
    char storage[LOG_LINE_MAX + 1] = {LOG_TEE_MARK};
    char *line = storage + 1;
    int prefix = write_prefix(line, LOG_LINE_MAX, level);
    size_t room = LOG_LINE_MAX - (size_t)prefix - 1;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line + prefix, room, format, values);
    va_end(values);
    if (length < 0)
        return;
    size_t text = (size_t)length < room ? (size_t)length : room - 1;
    for (char *byte = line + prefix; byte < line + prefix + text; byte++)
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
            *byte = '?';
    line[(size_t)prefix + text] = '\n';
    size_t size = (size_t)prefix + text + 1;
    if (level >= target.least)
        write_line(target.fd, line, size);
    if (level >= LOG_LEVEL_WARN)
        write_line(target.tee, storage, size + 1);
}
