/* Ways for other threads to have something done on the worker's. */
#include "worker/worker_process.h"

#include <stdlib.h>

struct toad_wakeup {
    ev_async watcher;
    struct ev_loop *loop; /* borrowed */
    void (*callback)(void *data);
    void *data;
};

static void on_wakeup(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop;
    (void)events;
    struct toad_wakeup *wakeup = watcher->data;
    /* It may stop the wakeup. */
    wakeup->callback(wakeup->data);
}

struct toad_wakeup *toad_wakeup_start(struct toad_worker *worker, void (*callback)(void *data),
                                      void *data)
{
    if (callback == NULL)
        return NULL;
    struct toad_wakeup *wakeup = malloc(sizeof *wakeup);
    if (wakeup == NULL)
        return NULL;
    wakeup->loop = worker->loop;
    wakeup->callback = callback;
    wakeup->data = data;
    ev_async_init(&wakeup->watcher, on_wakeup);
    wakeup->watcher.data = wakeup;
    ev_async_start(worker->loop, &wakeup->watcher);
    return wakeup;
}

void toad_wakeup_send(struct toad_wakeup *wakeup)
{
    ev_async_send(wakeup->loop, &wakeup->watcher);
}

void toad_wakeup_stop(struct toad_wakeup *wakeup)
{
    if (wakeup == NULL)
        return;
    ev_async_stop(wakeup->loop, &wakeup->watcher);
    free(wakeup);
}
