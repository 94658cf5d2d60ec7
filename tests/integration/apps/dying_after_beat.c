/* dying_after_beat - its first worker ends behind its first heartbeat, and the others are ready
 * only when the manager has learned that: so it is always one that was ready and one that was not.
 *
 * The environment variable FIRST_WORKER_FILE names the file that tells which one was the first. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static void end(void *data)
{
    (void)data;
    _exit(7);
}

static bool become_first(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    if (dprintf(fd, "%ld\n", (long)getpid()) < 0)
        abort();
    (void)close(fd);
    return true;
}

/* A process that has ended is there until its parent has learned it. */
static bool has_first(const char *path)
{
    char text[16] = "";
    FILE *file = fopen(path, "r");
    bool is_read = file != NULL && fgets(text, sizeof text, file) != NULL;
    if (file != NULL)
        (void)fclose(file);
    return !is_read || kill((pid_t)strtol(text, NULL, 10), 0) == 0;
}

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    (void)app;
    (void)state;
    const char *path = getenv("FIRST_WORKER_FILE");
    if (path == NULL)
        return 1;
    if (become_first(path))
        return toad_timer_start(worker, 0, end, NULL) == NULL ? 1 : 0;
    while (has_first(path))
        (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
    return 0;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "dying_after_beat",
    .worker_start = worker_start,
    .request = fixture_answer_pid,
};
