/* leaving - knows when its worker leaves: says so in each answer, and answers then whoever waits
 * for it. Notes both in the file that the environment variable LIFECYCLE_FILE names.
 *
 *     any  /wait    held until the worker leaves, then "drained"
 *     any  other    "serving" or "draining", at once, whether or not a body is still to come */
#include "fixture.h"

#include <string.h>

enum {
    WAITING_MAX = 64
};

static unsigned drains;
static struct toad_request *waiting[WAITING_MAX];
static size_t waiting_count;

static void answer(void *state, struct toad_request *request)
{
    (void)state;
    if (strcmp(toad_path(request), "/wait") == 0 && drains == 0 && waiting_count < WAITING_MAX) {
        toad_hold(request);
        waiting[waiting_count++] = request;
        fixture_note("waiting");
        return;
    }
    const char *text = drains == 0 ? "serving" : "draining";
    toad_reply(request, 200, "text/plain", text, strlen(text));
}

static void drain(void *state)
{
    (void)state;
    char line[64];
    (void)snprintf(line, sizeof(line), "worker_drain %ld", (long)getpid());
    fixture_note(line);
    drains++;
    for (size_t i = 0; i < waiting_count; i++) {
        toad_reply(waiting[i], 200, "text/plain", "drained", 7);
        toad_release(waiting[i]);
    }
    waiting_count = 0;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "leaving",
    .worker_drain = drain,
    .request = answer,
};
