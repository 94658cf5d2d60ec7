/* lifecycle - notes each callback and its process in the file that the environment variable
 * LIFECYCLE_FILE names. What one callback hands on must reach the next one; otherwise it says so.
 */
#include "fixture.h"

static int of_app;
static int of_worker;

static void note(const char *text, bool is_right)
{
    char line[64];
    (void)snprintf(line, sizeof(line), "%s %ld", is_right ? text : "wrong state", (long)getpid());
    fixture_note(line);
}

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    (void)host;
    (void)config;
    *app = &of_app;
    note("init", true);
    return 0;
}

static void fini(void *app)
{
    note("fini", app == &of_app);
}

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    *state = &of_worker;
    note("worker_start", app == &of_app && worker != NULL);
    return 0;
}

static void worker_drain(void *state)
{
    note("worker_drain", state == &of_worker);
}

static void worker_stop(void *state)
{
    note("worker_stop", state == &of_worker);
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "lifecycle",
    .init = init,
    .fini = fini,
    .worker_start = worker_start,
    .worker_drain = worker_drain,
    .worker_stop = worker_stop,
    .request = fixture_answer_pid,
};
