/* trace - what happens to a world, written as a server would write it (promise OBS-2). */
#ifndef TOAD_TESTS_SIMULATION_TRACE_H
#define TOAD_TESTS_SIMULATION_TRACE_H

#include "moves.h"

#include <stdio.h>

struct script_listener trace_listener(FILE *file);

#endif
