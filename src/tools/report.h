/* report - what the check of a record has found, printed line by line.
 *
 * Not pure: reads a file, prints. */
#ifndef TOAD_TOOLS_REPORT_H
#define TOAD_TOOLS_REPORT_H

/* Prints each deviation of the record as "FILE:LINE: text (promise HBT-3)" on standard output, and
 * what makes it no record on standard error. Returns the exit status: 0 if it is clean. */
int report_run(const char *path);

#endif
