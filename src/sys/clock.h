/* clock - the two clocks, in microseconds. */
#ifndef TOAD_SYS_CLOCK_H
#define TOAD_SYS_CLOCK_H

#include <stdint.h>

/* Never jumps; for every deadline (promise MGR-12). */
int64_t clock_monotonic_us(void);

/* Since 1970; for what people and clients read. */
int64_t clock_unix_us(void);

#endif
