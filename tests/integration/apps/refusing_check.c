/* refusing_check - finds something wrong before the server starts. */
#include "fixture.h"

static int check(const struct toad_config *config, char *problem, size_t problem_size)
{
    (void)config;
    (void)snprintf(problem, problem_size, "the pond is empty");
    return 1;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "refusing_check",
    .check = check,
    .request = fixture_answer_pid,
};
