/* tls_endpoint - TLS for the endpoints that want it. */
#ifndef TOAD_MAIN_TLS_ENDPOINT_H
#define TOAD_MAIN_TLS_ENDPOINT_H

#include "config/endpoint.h"
#include "main/application.h"
#include "tls/tls_tickets.h"

/* Reads what an endpoint with TLS names; the problem does not name the endpoint. */
MUST_CHECK enum error tls_endpoint_open(const struct endpoint *endpoint,
                                        struct tls_context **ret_context, struct problem *problem);

/* Has all endpoints with TLS, if there are any, give tickets out of the sealed memory `heritage`,
 * which is taken over, or out of a new one if that is not positive or not good. `*ret_tickets` is
 * untouched where there is no TLS (promise UPG-3). */
MUST_CHECK enum error tls_endpoint_share_tickets(const struct application *application,
                                                 int heritage, struct tls_tickets **ret_tickets,
                                                 struct problem *problem);

/* Tells the log which endpoints have a certificate that was made for them (promise LSN-4). */
void tls_endpoint_warn(const struct application *application, const uint16_t *ports);

#endif
