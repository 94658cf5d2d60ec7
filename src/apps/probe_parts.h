/* probe_parts - the routes of probe whose bodies come in parts, and those that show fields and
 * files.
 *
 * Not pure. Runs on the worker's thread, like every callback. */
#ifndef TOAD_APPS_PROBE_PARTS_H
#define TOAD_APPS_PROBE_PARTS_H

#include <hypnotoad.h>

void parts_answer_stream(void *state, struct toad_request *request);
void parts_answer_drip(void *state, struct toad_request *request);
void parts_answer_fail(void *state, struct toad_request *request);
void parts_answer_echo(void *state, struct toad_request *request);
void parts_answer_sink(void *state, struct toad_request *request);
void parts_answer_file(void *state, struct toad_request *request);
void parts_answer_headers(void *state, struct toad_request *request);
void parts_answer_aborts(void *state, struct toad_request *request);

/* Closes what the routes have opened. */
void parts_clear(void);

#endif
