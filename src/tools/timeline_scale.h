/* timeline_scale - what a timeline's picture has beside its rows: the axis of time, the moments at
 * which a generation takes over, the meaning of its signs.
 *
 * Not pure: writes to a stream. Errors stay with the stream. */
#ifndef TOAD_TOOLS_TIMELINE_SCALE_H
#define TOAD_TOOLS_TIMELINE_SCALE_H

#include "tools/timeline_layout.h"

#include <stdio.h>

/* Of the whole picture. */
double scale_height(const struct layout *layout);

void scale_write_grid(FILE *stream, const struct layout *layout);
void scale_write_takeovers(FILE *stream, const struct layout *layout);
void scale_write_legend(FILE *stream, const struct layout *layout);

#endif
