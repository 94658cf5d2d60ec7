/* crashing_load - whoever loads it dies before it can look at the application. */
#include "fixture.h"

__attribute__((constructor)) static void crash(void)
{
    abort();
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "crashing_load",
    .request = fixture_answer_pid,
};
