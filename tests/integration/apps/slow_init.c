/* slow_init - its init takes as many seconds as stand in the file that the environment variable
 * INIT_SECONDS_FILE names, 0 without one; whoever deletes the file ends it. It answers what the
 * probe answers at /. */
#include "fixture.h"

#include <time.h>
#include <unistd.h>

#define STEP_S 0.01

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_given(const char *path)
{
    char text[32] = "";
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    if (file == NULL)
        return 0;
    bool is_read = fgets(text, sizeof text, file) != NULL;
    (void)fclose(file);
    return is_read ? strtod(text, NULL) : 0;
}

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    (void)host;
    (void)config;
    (void)app;
    const char *path = getenv("INIT_SECONDS_FILE");
    double end = now_s() + seconds_given(path);
    double left = 0;
    while ((left = end - now_s()) > 0 && access(path, F_OK) == 0)
        (void)nanosleep(&(struct timespec){0, (long)((left < STEP_S ? left : STEP_S) * 1e9)}, NULL);
    return 0;
}

static void answer(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "Hello World");
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "slow_init",
    .init = init,
    .request = answer,
};
