/* http_forwarded_element - one element of a Forwarded field: what one proxy says (RFC 7239 4).
 *
 * Pure. The views point into the element. */
#ifndef TOAD_HTTP_HTTP_FORWARDED_ELEMENT_H
#define TOAD_HTTP_HTTP_FORWARDED_ELEMENT_H

#include "base/bytes.h"

/* The values of the parameters, without quotation marks; empty if there is none. */
struct http_forwarded_element {
    struct bytes node; /* for */
    struct bytes host;
    struct bytes proto;
};

/* False, and `ret_element` untouched, if the element breaks the grammar or has a parameter twice. A
 * value with a backslash is passed over: no address, host or scheme needs one. */
bool http_forwarded_element_read(struct bytes text, struct http_forwarded_element *ret_element);

#endif
