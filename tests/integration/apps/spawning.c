/* spawning - answers what a program that its worker starts finds: its environment, a line with
 * nothing in it, its descriptors. */
#include "fixture.h"

static const char command[] = "env; echo; ls -l /proc/self/fd";

static void answer(void *state, struct toad_request *request)
{
    static char text[65536];
    (void)state;
    FILE *pipe = popen(command, "r");
    size_t size = pipe == NULL ? 0 : fread(text, 1, sizeof text, pipe);
    if (pipe != NULL)
        (void)pclose(pipe);
    toad_reply(request, size > 0 ? 200 : 500, "text/plain", text, size);
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "spawning",
    .request = answer,
};
