/* configured - answers with what the server told it when it began, a line for each thing; an option
 * `refusal` says why it does not start. */
#include "fixture.h"

#include <string.h>

static char told[65536];

static void tell(const char *name, const char *value)
{
    size_t size = strlen(told);
    (void)snprintf(told + size, sizeof(told) - size, "%s=%s\n", name, value);
}

static int check(const struct toad_config *config, char *problem, size_t problem_size)
{
    const char *refusal = toad_config_option(config, "refusal");
    if (refusal != NULL)
        (void)snprintf(problem, problem_size, "%s", refusal);
    return refusal == NULL ? 0 : 1;
}

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    const char *name;
    char generation[16];
    *app = NULL;
    (void)snprintf(generation, sizeof(generation), "%u", toad_host_generation(host));
    tell("generation", generation);
    tell("directory", toad_config_directory(config));
    tell("mode", toad_config_mode(config));
    for (size_t i = 0; (name = toad_config_option_name(config, i)) != NULL; i++)
        tell(name, toad_config_option(config, name));
    (void)snprintf(generation, sizeof(generation), "%zu", toad_config_option_count(config));
    tell("options", generation);
    return 0;
}

static void answer(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply(request, 200, "text/plain", told, strlen(told));
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER, .name = "configured", .check = check, .init = init, .request = answer,
};
