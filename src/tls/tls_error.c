#include "tls/tls_error.h"

#include <openssl/err.h>

#include <stddef.h>

const char *tls_error_take(void)
{
    /* The last one is often only "lib": the first one that knows why has the word. */
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return reason == NULL ? "the reason is not known" : reason;
}
