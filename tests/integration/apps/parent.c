/* parent - has children of its own.
 *
 *     any  /inside    what a child finds: its descriptors and its environment, a line each
 *     any  /orphans   leaves a hundred processes without a parent, which end soon; "left"
 *     any  other      the worker's PID */
#include "fixture.h"

#include <string.h>

enum {
    OUTPUT_MAX = 60000
};

static void answer_inside(struct toad_request *request)
{
    static char text[OUTPUT_MAX];
    FILE *child = popen("for fd in /proc/self/fd/*; do readlink $fd; done; echo --; env", "r");
    size_t size = child == NULL ? 0 : fread(text, 1, sizeof(text), child);
    bool has_ended = child != NULL && pclose(child) == 0;
    toad_reply(request, has_ended ? 200 : 500, "text/plain", text, size);
}

static void answer(void *state, struct toad_request *request)
{
    if (strcmp(toad_path(request), "/inside") == 0) {
        answer_inside(request);
    } else if (strcmp(toad_path(request), "/orphans") == 0) {
        int status = system("for i in $(seq 100); do sleep 0.1 & done");
        toad_reply(request, status == 0 ? 200 : 500, "text/plain", "left", 4);
    } else {
        fixture_answer_pid(state, request);
    }
}

const struct toad_app toad_app = {TOAD_APP_HEADER, .name = "parent", .request = answer};
