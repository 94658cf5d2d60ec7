/* tls_context - what a listener needs to speak TLS: certificates by name, keys, rules.
 *
 * Made in the manager, which can read files that workers cannot, and used by all its workers.
 * TLS 1.2 with forward secrecy and authenticated encryption alone, and TLS 1.3; no compression, no
 * renegotiation; of application protocols http/1.1 (promises LSN-3, LSN-4, LSN-6). */
#ifndef TOAD_TLS_TLS_CONTEXT_H
#define TOAD_TLS_TLS_CONTEXT_H

#include "base/limits.h"
#include "base/problem.h"
#include "tls/tls_tickets.h"

#include <stddef.h>

struct tls_context;

/* Paths and names that are borrowed while a context is opened; "" is a text that was not given. */
struct tls_certificate {
    const char *name; /* for SNI: NAME or *.NAME; "": for everybody else */
    const char *certificate;
    const char *key;
};

struct tls_settings {
    const char *host;    /* whom a certificate is made for where none is given; "*": this machine */
    const char *ca;      /* authorities that certify clients */
    const char *ciphers; /* OpenSSL's names, joined by colons; those of TLS 1.3 begin with TLS_ */
    const char *version; /* TLSv1_2 or TLSv1_3: this one alone */
    int verify;          /* 0 to 7, or -1: clients are verified if there is a ca */
    size_t certificate_count;
    struct tls_certificate certificates[ENDPOINT_CERTIFICATES_MAX];
};

/* Reads all files. Otherwise the problem says which one is wrong, and why. */
MUST_CHECK enum error tls_context_open(const struct tls_settings *settings,
                                       struct tls_context **ret_context, struct problem *problem);

/* Gives sessions to clients that can be resumed wherever these tickets are known; they must live as
 * long as the context. Without it no session is resumed. */
MUST_CHECK enum error tls_context_share_tickets(struct tls_context *context,
                                                struct tls_tickets *tickets);

/* NULL is nothing to close. Sessions that are open stay so. */
void tls_context_close(struct tls_context *context);

#endif
