#include "manager/recorder.h"

#include "base/buffer.h"
#include "policy/manager_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A chunk of the pipe grows at most sixfold as JSON. */
enum {
    LINE_MAX_SIZE = 32768
};

enum error recorder_open(struct recorder *recorder, const char *path,
                         const struct manager_settings *settings, int64_t start_us,
                         struct problem *problem)
{
    *recorder = (struct recorder){.fd = -1, .start_us = start_us, .settings = settings};
    if (path == NULL)
        return ERROR_NONE;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot write trace \"%s\": %s", path,
                           strerror(errno));
    recorder->fd = fd;
    return ERROR_NONE;
}

static void flush(const struct recorder *recorder, struct buffer *text)
{
    ssize_t written = write(recorder->fd, text->data, text->size);
    (void)written; /* a trace that cannot be written must not stop the server */
    buffer_clear(text);
}

void recorder_write(const struct recorder *recorder, const struct manager_event *event,
                    const struct manager_actions *actions, int64_t now_us)
{
    if (recorder->fd < 0)
        return;
    char storage[LINE_MAX_SIZE];
    struct buffer text;
    buffer_init(&text, storage, sizeof storage);
    int64_t time_us = now_us - recorder->start_us;
    (void)manager_event_write(&text, event, time_us, recorder->settings);
    for (uint32_t i = 0; i < actions->count; i++) {
        if (manager_action_write(&text, &actions->list[i], time_us))
            continue;
        flush(recorder, &text);
        (void)manager_action_write(&text, &actions->list[i], time_us);
    }
    flush(recorder, &text);
}

void recorder_abandon(struct recorder *recorder)
{
    if (recorder->fd >= 0)
        (void)close(recorder->fd);
    recorder->fd = -1;
}
