/* usage - what --help prints. */
#ifndef TOAD_MAIN_USAGE_H
#define TOAD_MAIN_USAGE_H

#include <stdio.h>

/* How the program is called. */
void usage_print_short(FILE *stream);

/* That, and the options, settings, signals and environment variables. */
void usage_print(FILE *stream);

#endif
