/* bare - what the bare loops have in common: they listen at a port of this machine, and end at the
 * first trouble. */
#ifndef TOAD_TESTS_BENCH_BARE_H
#define TOAD_TESTS_BENCH_BARE_H

#include <stdint.h>

/* Says which call failed, and why (errno), and ends the program. */
_Noreturn void bare_fail(const char *what);

/* A listening socket, non-blocking. */
int bare_listen(uint16_t port);

#endif
