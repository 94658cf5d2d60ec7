/* crashing_later - its workers start until the file that the environment variable CRASH_WHEN_EXISTS
 * names exists; from then on new ones die before they serve. */
#include "fixture.h"

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    (void)app;
    (void)worker;
    (void)state;
    const char *path = getenv("CRASH_WHEN_EXISTS");
    if (path != NULL && access(path, F_OK) == 0)
        abort();
    return 0;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "crashing_later",
    .worker_start = worker_start,
    .request = fixture_answer_pid,
};
