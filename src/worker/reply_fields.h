/* reply_fields - header or trailer fields that the application adds to an answer.
 *
 * They live in the memory of the request. */
#ifndef TOAD_WORKER_REPLY_FIELDS_H
#define TOAD_WORKER_REPLY_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct connection;
struct toad_request;
struct reply_field;

struct reply_fields {
    struct reply_field *first;
    struct reply_field *last;
    size_t size; /* of all lines */
};

/* Promise CON-10: false, and a line in the log, if it cannot be sent or stored. */
bool reply_fields_add(struct reply_fields *fields, struct toad_request *request, const char *name,
                      const char *value);

/* Sends the lines and the empty one behind them. */
void reply_fields_send(const struct reply_fields *fields, struct connection *connection);

#endif
