/* file_body - an answer whose body is a file, which the kernel sends.
 *
 * A bounded part of it goes out in each turn, so that nobody waits for a large one. */
#ifndef TOAD_WORKER_FILE_BODY_H
#define TOAD_WORKER_FILE_BODY_H

#include <stdbool.h>

struct toad_request;

/* Sends what the client takes now. True if the answer has come to its end, good or bad. */
bool file_body_advance(struct toad_request *request);

/* Closes the file, if one is open. */
void file_body_close(struct toad_request *request);

#endif
