/* tls_error - what the library says of its last failure. Private to the room. */
#ifndef TOAD_TLS_TLS_ERROR_H
#define TOAD_TLS_TLS_ERROR_H

/* The reason in a few words, a static text; the queue of errors is empty afterwards. */
const char *tls_error_take(void);

#endif
