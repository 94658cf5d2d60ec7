/* answer - whole answers: the application's and the host's own. */
#ifndef TOAD_WORKER_ANSWER_H
#define TOAD_WORKER_ANSWER_H

#include <stdint.h>

struct connection;
struct toad_request;

/* The host answers for the application, without its header fields; the connection goes on. */
void answer_text(struct toad_request *request, uint16_t status, const char *text);

/* The same with these fields, lines with CRLF that are static. The text gets its line end here. */
void answer_lines(struct toad_request *request, uint16_t status, const char *lines,
                  const char *text);

/* The last bytes of a connection whose request was refused: `status` with `reason` as text. */
void answer_refusal(struct connection *connection, uint16_t status, const char *reason);

#endif
