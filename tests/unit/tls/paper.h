/* paper - certificates and keys in files, good and bad ones. */
#ifndef TOAD_TESTS_TLS_PAPER_H
#define TOAD_TESTS_TLS_PAPER_H

#include <stdbool.h>

struct paper {
    const char *name;   /* the common name; the files are NAME.pem and NAME.key in the folder */
    const char *issuer; /* a name that was made before; NULL: itself */
    long begin_s;       /* from now on; both 0: a day around now */
    long end_s;
    bool is_ca;
};

void paper_make(const struct paper *paper);

/* Writes the key of NAME.key to `file`, encrypted. */
void paper_encrypt_key(const char *name, const char *file);

/* Paths in the folder, each kept for the whole test. */
const char *paper_certificate(const char *name);
const char *paper_key(const char *name);

#endif
