/* failing_worker_start - no worker of it can start. */
#include "fixture.h"

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    (void)app;
    (void)worker;
    (void)state;
    return 1;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "failing_worker_start",
    .worker_start = worker_start,
    .request = fixture_answer_pid,
};
