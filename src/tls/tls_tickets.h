/* tls_tickets - the keys with which sessions are given to clients to be resumed.
 *
 * All workers have the same, and the next generation has them, too, so that a client is known again
 * wherever it comes (promise UPG-3). They are made from a secret in sealed memory, which nobody can
 * change, and from the time: every TLS_TICKETS_PERIOD_US they are others, without a word between
 * the processes, and those of the period before are still taken. The secret is replaced by the
 * first generation that finds it older than TLS_TICKETS_AGE_MAX_US. */
#ifndef TOAD_TLS_TLS_TICKETS_H
#define TOAD_TLS_TLS_TICKETS_H

#include "base/limits.h"
#include "base/problem.h"

#include <stdbool.h>

#define HOUR_US (3600 * SECOND_US)
#define DAY_US (24 * HOUR_US)
#define TLS_TICKETS_PERIOD_US (8 * HOUR_US)
#define TLS_TICKETS_AGE_MAX_US (7 * DAY_US)

struct tls_tickets;

/* Takes the secret behind `heritage`, which is closed if it is none or too old; then, and for a
 * negative number, a new one is made. */
MUST_CHECK enum error tls_tickets_open(int heritage, struct tls_tickets **ret_tickets,
                                       struct problem *problem);

/* The sealed memory, close-on-exec, for the next generation; -1 once it is closed. */
int tls_tickets_fd(const struct tls_tickets *tickets);

/* In a worker: it hands nothing over. The keys stay. */
void tls_tickets_close_fd(struct tls_tickets *tickets);

/* NULL is nothing to close. */
void tls_tickets_close(struct tls_tickets *tickets);

#endif
