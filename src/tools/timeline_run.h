/* timeline_run - the picture of some traces, printed.
 *
 * Not pure: reads files, prints. */
#ifndef TOAD_TOOLS_TIMELINE_RUN_H
#define TOAD_TOOLS_TIMELINE_RUN_H

/* Draws the traces of generations, the oldest first, as SVG on standard output. Returns the exit
 * status. */
int timeline_run(int count, char **paths);

#endif
