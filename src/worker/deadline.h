/* deadline - when a connection is due: its one timer, and what becomes of it when its time is over.
 *
 * The time itself is that of the conversation (http_session, ws_session). Here it is asked for,
 * and a client that takes what it was sent, however slowly, gets more of it. A connection that is
 * due has its last turn from here, or is closed. */
#ifndef TOAD_WORKER_DEADLINE_H
#define TOAD_WORKER_DEADLINE_H

struct connection;

/* The timer does not run yet. */
void deadline_init(struct connection *connection);

/* A turn is over, and the connection goes on. */
void deadline_renew(struct connection *connection);

/* The client has taken some of what it was sent. */
void deadline_note_movement(struct connection *connection);

void deadline_clear(struct connection *connection);

#endif
