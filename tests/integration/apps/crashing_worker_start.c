/* crashing_worker_start - every worker dies before it serves. */
#include "fixture.h"

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    (void)app;
    (void)worker;
    (void)state;
    abort();
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "crashing_worker_start",
    .worker_start = worker_start,
    .request = fixture_answer_pid,
};
