/* conversation - from the bytes of a connection to requests, one after the other.
 *
 * Runs in the connection's turn. */
#ifndef TOAD_WORKER_CONVERSATION_H
#define TOAD_WORKER_CONVERSATION_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct http_reply;

/* Uses what the connection holds and then `bytes`, which the caller keeps; what cannot be used yet
 * is copied. */
void conversation_receive(struct connection *connection, struct bytes bytes);

/* The deadline of the session has come. */
void conversation_time_out(struct connection *connection);

/* The host answers for the last time, with a short text, and the application is not asked any more.
 * An answer that has begun is cut instead. */
void conversation_refuse(struct connection *connection, uint16_t status, const char *reason);

/* A session event that the table must know; a connection whose table does not is given up. */
void conversation_observe(struct connection *connection, int event);

/* Nothing more is said on this connection. */
bool conversation_is_over(const struct connection *connection);

/* Bytes for the client, or the head of an answer; a connection that cannot take them is given up.
 */
void conversation_send(struct connection *connection, struct bytes bytes);
void conversation_send_head(struct connection *connection, const struct http_reply *head);

#endif
