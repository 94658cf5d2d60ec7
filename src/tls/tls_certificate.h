/* tls_certificate - certificates and keys from files, with an error that names the file.
 *
 * Private to the room. */
#ifndef TOAD_TLS_TLS_CERTIFICATE_H
#define TOAD_TLS_TLS_CERTIFICATE_H

#include "base/problem.h"

#include <openssl/ssl.h>

/* Has the context use the certificate, with its chain, and the key. ERROR_INVALID or
 * ERROR_NOT_FOUND for a file that is not there, cannot be read, is not what it should be, for a
 * certificate that has expired or is not valid yet, and for a key of another one. */
MUST_CHECK enum error tls_certificate_use(SSL_CTX *context, const char *certificate_path,
                                          const char *key_path, struct problem *problem);

/* Has clients verified by the authorities in this file. */
MUST_CHECK enum error tls_certificate_trust(SSL_CTX *context, const char *path,
                                            struct problem *problem);

enum {
    TLS_DIGEST_SIZE = 32
};

/* What is in the file, in short. */
MUST_CHECK enum error tls_certificate_digest(const char *path,
                                             unsigned char ret_digest[TLS_DIGEST_SIZE],
                                             struct problem *problem);

#endif
