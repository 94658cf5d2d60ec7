/* failing_init - cannot be prepared in the manager. */
#include "fixture.h"

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    (void)host;
    (void)config;
    (void)app;
    return 1;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "failing_init",
    .init = init,
    .request = fixture_answer_pid,
};
