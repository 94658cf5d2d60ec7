/* svg - texts and numbers of a picture.
 *
 * Not pure: writes to a stream. Errors stay with the stream. */
#ifndef TOAD_TOOLS_SVG_H
#define TOAD_TOOLS_SVG_H

#include <stdio.h>

/* Writes a text so that it can stand between tags and within quotes; what XML cannot hold, or is
 * not UTF-8, becomes a question mark. */
void svg_text(FILE *stream, const char *text);

#endif
