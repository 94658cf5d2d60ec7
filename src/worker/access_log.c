#include "worker/access_log.h"

#include "base/limits.h"
#include "sys/log.h"
#include "sys/log_file.h"
#include "sys/process.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum error access_log_open(struct access_log *log, const char *path, bool is_json)
{
    log->path = path;
    log->fd = -1;
    log->is_json = is_json;
    log->is_torn = false;
    log->dropped = 0;
    buffer_init(&log->buffer, log->storage, sizeof log->storage);
    return path == NULL ? ERROR_NONE : log_file_open(path, &log->fd);
}

static bool append(struct access_log *log, const struct http_log_entry *entry)
{
    return log->is_json ? http_log_write_json(&log->buffer, entry)
                        : http_log_write_combined(&log->buffer, entry);
}

void access_log_write(struct access_log *log, const struct http_log_entry *entry)
{
    if (log->path == NULL || append(log, entry))
        return;
    access_log_flush(log);
    if (!append(log, entry))
        log->dropped++;
}

/* As many whole lines as a pipe takes without tearing one; 0 if the first one is too long for
 * that. */
static size_t whole_lines(struct bytes text)
{
    size_t size = text.size < PIPE_BUF ? text.size : PIPE_BUF;
    while (size > 0 && text.data[size - 1] != '\n')
        size--;
    return size;
}

static uint64_t count_lines(struct bytes text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

/* A line that was torn is ended, so that the next one begins on its own. */
static bool mend(struct access_log *log)
{
    if (log->is_torn)
        log->is_torn = write(log->fd, "\n", 1) != 1;
    return !log->is_torn;
}

/* False if not all of it was taken; `*text` is what was not. */
static bool write_lines(struct access_log *log, struct bytes *text, size_t size)
{
    ssize_t written = write(log->fd, text->data, size);
    if (written <= 0)
        return false;
    log->is_torn = text->data[written - 1] != '\n';
    *text = bytes_from(*text, (size_t)written);
    return (size_t)written == size;
}

static void tell_dropped(struct access_log *log)
{
    if (log->dropped > 0)
        log_write(LOG_LEVEL_WARN, "%" PRIu64 " lines of the access log were dropped", log->dropped);
    log->dropped = 0;
}

void access_log_flush(struct access_log *log)
{
    struct bytes rest = buffer_view(&log->buffer);
    while (rest.size > 0) {
        if (!mend(log) || !write_lines(log, &rest, whole_lines(rest)))
            break;
        tell_dropped(log);
    }
    log->dropped += count_lines(rest);
    buffer_clear(&log->buffer);
}

enum error access_log_reopen(struct access_log *log)
{
    int fd = -1;
    if (log->path == NULL)
        return ERROR_NONE;
    if (log_file_open(log->path, &fd) != ERROR_NONE)
        return ERROR_SYSTEM;
    access_log_flush(log);
    process_close(&log->fd);
    log->fd = fd;
    log->is_torn = false;
    return ERROR_NONE;
}

void access_log_close(struct access_log *log)
{
    access_log_flush(log);
    tell_dropped(log);
    process_close(&log->fd);
}
