/* Descriptors of the application's that the loop watches. */
#include "sys/log.h"
#include "worker/worker_process.h"

#include <stdlib.h>
#include <sys/stat.h>

struct toad_watch {
    ev_io watcher;
    struct ev_loop *loop; /* borrowed */
    void (*callback)(void *data, int fd, unsigned events);
    void *data;
};

static int loop_events(unsigned events)
{
    return ((events & TOAD_READABLE) != 0 ? EV_READ : 0) |
           ((events & TOAD_WRITABLE) != 0 ? EV_WRITE : 0);
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop;
    struct toad_watch *watch = watcher->data;
    if ((events & EV_ERROR) != 0)
        log_write(LOG_LEVEL_ERROR, "The system cannot watch descriptor %d of the application",
                  watcher->fd);
    unsigned seen = ((events & EV_READ) != 0 ? TOAD_READABLE : 0) |
                    ((events & EV_WRITE) != 0 ? TOAD_WRITABLE : 0);
    /* It may stop the watch. */
    watch->callback(watch->data, watcher->fd, seen);
}

/* Files and folders can always be read, so that there is nothing to wait for. */
static bool can_be_watched(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

struct toad_watch *toad_watch_start(struct toad_worker *worker, int fd, unsigned events,
                                    void (*callback)(void *data, int fd, unsigned events),
                                    void *data)
{
    if (callback == NULL || !can_be_watched(fd))
        return NULL;
    struct toad_watch *watch = malloc(sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->loop = worker->loop;
    watch->callback = callback;
    watch->data = data;
    ev_io_init(&watch->watcher, on_ready, fd, 0);
    watch->watcher.data = watch;
    toad_watch_change(watch, events);
    return watch;
}

void toad_watch_change(struct toad_watch *watch, unsigned events)
{
    int wanted = loop_events(events);
    ev_io_stop(watch->loop, &watch->watcher);
    ev_io_set(&watch->watcher, watch->watcher.fd, wanted);
    if (wanted != 0)
        ev_io_start(watch->loop, &watch->watcher);
}

void toad_watch_stop(struct toad_watch *watch)
{
    if (watch == NULL)
        return;
    ev_io_stop(watch->loop, &watch->watcher);
    free(watch);
}
