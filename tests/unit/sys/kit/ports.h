/* ports - numbers that a test may rely on, whatever goes on beside it. */
#ifndef TOAD_TESTS_KIT_PORTS_H
#define TOAD_TESTS_KIT_PORTS_H

#include <stdint.h>

/* A port that is free at every address, of both families if there are two. Until the process ends
 * the kernel gives it to nobody who leaves the choice to it; who asks for it by number and with
 * SO_REUSEADDR has it. */
uint16_t port_reserve(void);

#endif
