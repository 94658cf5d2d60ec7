/* replay - events through the policy: its actions printed, or compared with the recorded ones.
 *
 * Not pure: reads a file, prints. */
#ifndef TOAD_TOOLS_REPLAY_H
#define TOAD_TOOLS_REPLAY_H

#include <stdbool.h>

/* Prints the actions that the policy takes upon the events of the file (promise MGR-15), or, if
 * `is_replay`, compares them with the file's own. Returns the exit status. */
int replay_run(const char *path, bool is_replay, bool is_quiet);

#endif
