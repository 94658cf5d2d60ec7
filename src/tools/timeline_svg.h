/* timeline_svg - the picture of a timeline.
 *
 * Not pure: writes to a stream. The same timeline gives the same bytes. */
#ifndef TOAD_TOOLS_TIMELINE_SVG_H
#define TOAD_TOOLS_TIMELINE_SVG_H

#include "tools/timeline.h"

#include <stdio.h>

/* Draws an aligned timeline as one SVG without scripts, links or fonts of its own. It is understood
 * in black and white: what a bar means is in its pattern, what a mark means in its shape. Each bar
 * and mark has a title. Errors stay with the stream. */
void timeline_draw(const struct timeline *timeline, FILE *stream);

#endif
