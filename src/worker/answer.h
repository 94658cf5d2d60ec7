/* answer - what goes back to the client: the application's answers and the host's own. */
#ifndef TOAD_WORKER_ANSWER_H
#define TOAD_WORKER_ANSWER_H

#include <stdint.h>

struct connection;
struct toad_request;

/* The host answers for the application; the connection goes on. */
void answer_text(struct toad_request *request, uint16_t status, const char *text);

/* 413 for a body that is larger than the application takes. */
void answer_too_large(struct toad_request *request);

/* The application asked for a body that is not complete: says `100 Continue` if the client waits
 * for that (RFC 9110 10.1.1), and has the connection read on. */
void answer_continue(struct toad_request *request);

/* The last bytes of a connection whose request was refused: `status` with `reason` as text. */
void answer_refusal(struct connection *connection, uint16_t status, const char *reason);

#endif
