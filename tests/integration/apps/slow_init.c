/* slow_init - its init takes as many seconds as stand in the file that the environment variable
 * INIT_SECONDS_FILE names, 0 without one. It answers what the probe answers at /. */
#include "fixture.h"

#include <errno.h>
#include <time.h>

static double seconds_given(void)
{
    char text[32] = "";
    const char *path = getenv("INIT_SECONDS_FILE");
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
    double seconds = seconds_given();
    struct timespec rest = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
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
