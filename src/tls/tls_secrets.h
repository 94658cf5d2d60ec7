/* tls_secrets - memory for keys that no core dump shows. Private to the room. */
#ifndef TOAD_TLS_TLS_SECRETS_H
#define TOAD_TLS_TLS_SECRETS_H

#include <stdbool.h>

/* From here on the library keeps private keys, and what OPENSSL_secure_malloc() gives, in pages of
 * their own that are not dumped, and not swapped where the system allows that. To be called before
 * the library has done anything else; more than once does no harm. Processes that are forked later
 * have the same pages. */
void tls_secrets_prepare(void);

/* While it wipes, all memory that the library gives back is overwritten: it leaves copies of what
 * it reads. */
void tls_secrets_wipe(bool wipes);

#endif
