/* endpoint_query - the second half of a listen value: certificates and parameters.
 *
 * Pure. Only endpoint.c needs it. */
#ifndef TOAD_CONFIG_ENDPOINT_QUERY_H
#define TOAD_CONFIG_ENDPOINT_QUERY_H

#include "config/endpoint.h"

/* An endpoint on its way. */
struct endpoint_draft {
    struct bytes value; /* the whole listen value, borrowed */
    struct problem *problem;
    struct endpoint endpoint;
};

/* Writes `Invalid listen value "X": ` and the reason, and returns ERROR_INVALID. */
__attribute__((format(printf, 2, 3))) enum error endpoint_refuse(struct endpoint_draft *draft,
                                                                 const char *reason, ...);

/* Copies a part of the value, with %XX decoded if `is_encoded`, and ends it with a NUL, which
 * `capacity` counts. `name` is what messages call it. */
MUST_CHECK enum error endpoint_copy(struct endpoint_draft *draft, const char *name,
                                    struct bytes text, bool is_encoded, char *storage,
                                    size_t capacity);

/* Reads CERT:KEY[:CA]. */
MUST_CHECK enum error endpoint_read_certificate(struct endpoint_draft *draft, struct bytes text);

/* Reads the parameters after the question mark. */
MUST_CHECK enum error endpoint_read_query(struct endpoint_draft *draft, struct bytes query);

/* Every certificate has its key. */
MUST_CHECK enum error endpoint_check_certificates(struct endpoint_draft *draft);

#endif
