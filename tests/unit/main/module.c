/* module - an application for tests: the environment tells it what to refuse.
 *
 * A server that a test forgets ends by itself. */
#include "hypnotoad.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MODULE_MAJOR
#define MODULE_MAJOR TOAD_ABI_MAJOR
#endif

enum {
    LIFE_S = 60
};

#ifdef MODULE_NEEDS
void MODULE_NEEDS(void);
#endif

static int check(const struct toad_config *config, char *problem, size_t problem_size)
{
    (void)config;
    const char *reason = getenv("MODULE_REFUSES");
    if (reason == NULL)
        return 0;
    if (strlen(reason) < problem_size)
        (void)strcpy(problem, reason);
    else
        (void)memset(problem, 'x', problem_size);
    return 1;
}

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    (void)host;
    (void)config;
    (void)app;
    (void)alarm(LIFE_S);
    return getenv("MODULE_FAILS") == NULL ? 0 : 7;
}

static void fini(void *app)
{
    (void)app;
    (void)!write(STDOUT_FILENO, "fini\n", 5);
}

static void request(void *state, struct toad_request *request)
{
    (void)state;
#ifdef MODULE_NEEDS
    MODULE_NEEDS();
#endif
    toad_reply(request, 200, "text/plain", "Hello World", 11);
}

extern const struct toad_app toad_app;
const struct toad_app toad_app = {
    (uint32_t)sizeof(struct toad_app),
    (uint16_t)MODULE_MAJOR,
    (uint16_t)TOAD_ABI_MINOR,
    .name = "module",
    .check = check,
    .init = init,
    .fini = fini,
    .request = request,
};
