/* half_ready - its first worker is ready at once, and the others as soon as the file is gone that
 * the environment variable FIRST_WORKER_FILE names and that the first one makes. */
#include "fixture.h"

#include <time.h>

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    (void)app;
    (void)worker;
    (void)state;
    const char *path = getenv("FIRST_WORKER_FILE");
    if (path == NULL)
        return 1;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0) {
        (void)close(fd);
        return 0;
    }
    while (access(path, F_OK) == 0)
        (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
    return 0;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "half_ready",
    .worker_start = worker_start,
    .request = fixture_answer_pid,
};
