/* stream - an answer in parts: toad_start(), toad_write(), toad_end().
 *
 * What is written waits in the output of the connection, in bounds (promise CON-7). */
#ifndef TOAD_WORKER_STREAM_H
#define TOAD_WORKER_STREAM_H

#include <stdbool.h>

struct toad_request;

/* Tells the application if there is room again. True if it was told. */
bool stream_advance(struct toad_request *request);

/* The application waits for room. */
bool stream_wants_room(const struct toad_request *request);

#endif
