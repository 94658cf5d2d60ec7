/* conversation - from the bytes of a connection to requests, one after the other.
 *
 * Runs in the connection's turn. */
#ifndef TOAD_WORKER_CONVERSATION_H
#define TOAD_WORKER_CONVERSATION_H

#include "base/bytes.h"

#include <stdint.h>

struct connection;

/* Uses what the connection holds and then `bytes`, which the caller keeps; what cannot be used yet
 * is copied. */
void conversation_receive(struct connection *connection, struct bytes bytes);

/* The deadline of the session has come. */
void conversation_time_out(struct connection *connection);

/* The host answers for the last time, with a short text, and the application is not asked any more.
 */
void conversation_refuse(struct connection *connection, uint16_t status, const char *reason);

/* A session event that the table must know; a connection whose table does not is given up. */
void conversation_observe(struct connection *connection, int event);

#endif
