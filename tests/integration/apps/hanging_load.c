/* hanging_load - whoever loads it never comes back. */
#include "fixture.h"

__attribute__((constructor)) static void hang(void)
{
    for (;;)
        (void)pause();
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,
    .name = "hanging_load",
    .request = fixture_answer_pid,
};
