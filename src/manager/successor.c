#include "manager/successor.h"

#include "sys/channel.h"
#include "sys/log.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bounds one pass, so that a flood cannot keep the manager from its other duties. */
enum {
    READS_MAX = 64
};

void successor_init(struct successor *successor)
{
    *successor = (struct successor){.channel = -1, .errors_fd = -1};
}

void successor_release(struct successor *successor)
{
    process_close(&successor->channel);
    process_close(&successor->errors_fd);
    successor->line_size = 0;
    successor->is_over = false;
}

static bool open_lines(struct successor *successor, int *ret_channel, int *ret_errors)
{
    *ret_channel = *ret_errors = -1;
    return channel_open(&successor->channel, ret_channel) == ERROR_NONE &&
           process_pipe(false, &successor->errors_fd, ret_errors) == ERROR_NONE &&
           fcntl(successor->errors_fd, F_SETFL, O_NONBLOCK) == 0;
}

int32_t successor_spawn(struct successor *successor,
                        int (*become)(void *context, int channel, int errors), void *context)
{
    int channel = -1;
    int errors = -1;
    pid_t pid = -1;
    successor_release(successor);
    (void)fflush(NULL);
    if (open_lines(successor, &channel, &errors))
        pid = fork();
    if (pid == 0)
        _exit(become(context, channel, errors));
    int reason = errno;
    process_close(&channel);
    process_close(&errors);
    if (pid < 0)
        successor_release(successor);
    successor->pid = (int32_t)pid;
    errno = reason;
    return (int32_t)pid;
}

/* A line behind a mark is in the log already: the new generation has written it there itself. */
static void deliver(struct successor *successor, struct askers *askers)
{
    const char *line = successor->line;
    size_t size = successor->line_size;
    bool is_logged = size > 0 && line[0] == LOG_TEE_MARK;
    successor->line_size = 0;
    if (is_logged) {
        line++;
        size--;
    } else if (log_has_file()) {
        log_write(LOG_LEVEL_WARN, "The new generation says: %.*s", (int)size - 1, line);
    } else {
        ssize_t written = write(STDERR_FILENO, line, size);
        (void)written;
    }
    askers_tell(askers, line, size);
}

static void take(struct successor *successor, struct askers *askers, char byte)
{
    /* A line without end is cut where it is too long. */
    if (successor->line_size == SUCCESSOR_LINE_MAX - 1 && byte != '\n')
        take(successor, askers, '\n');
    successor->line[successor->line_size++] = byte;
    if (byte == '\n')
        deliver(successor, askers);
}

void successor_relay(struct successor *successor, struct askers *askers)
{
    char chunk[4096];
    for (int i = 0; i < READS_MAX && successor->errors_fd >= 0; i++) {
        ssize_t size = read(successor->errors_fd, chunk, sizeof chunk);
        for (ssize_t at = 0; at < size; at++)
            take(successor, askers, chunk[at]);
        if (size == 0)
            process_close(&successor->errors_fd);
        if (size <= 0)
            break;
    }
    if (successor->errors_fd < 0 && successor->line_size > 0)
        take(successor, askers, '\n');
}
