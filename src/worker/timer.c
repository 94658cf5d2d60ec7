/* Timers of the application. */
#include "worker/worker_process.h"

#include <stdlib.h>

#define LONGEST_S 1e9

struct toad_timer {
    ev_timer watcher;
    struct ev_loop *loop; /* borrowed */
    void (*callback)(void *data);
    void *data;
};

static void on_due(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    struct toad_timer due = *(struct toad_timer *)watcher->data;
    /* Freed first: the application may not use it any more, whatever its callback does. */
    free(watcher->data);
    due.callback(due.data);
}

struct toad_timer *toad_timer_start(struct toad_worker *worker, double seconds,
                                    void (*callback)(void *data), void *data)
{
    if (!(seconds >= 0. && seconds <= LONGEST_S) || callback == NULL)
        return NULL;
    struct toad_timer *timer = malloc(sizeof *timer);
    if (timer == NULL)
        return NULL;
    timer->loop = worker->loop;
    timer->callback = callback;
    timer->data = data;
    /* The loop's idea of now may be older than the callback that asks. */
    ev_now_update(worker->loop);
    ev_timer_init(&timer->watcher, on_due, seconds, 0.);
    timer->watcher.data = timer;
    ev_timer_start(worker->loop, &timer->watcher);
    return timer;
}

void toad_timer_stop(struct toad_timer *timer)
{
    if (timer == NULL)
        return;
    ev_timer_stop(timer->loop, &timer->watcher);
    free(timer);
}
