/* meeting - a server's context and a client of it, there for every test of a file, and what is said
 * between them.
 *
 * Not pure: what does not succeed fails the test. */
#ifndef TOAD_TESTS_TLS_MEETING_H
#define TOAD_TESTS_TLS_MEETING_H

#include "visitor.h"

extern struct visitor visitor;
extern struct tls_context *context;

/* What is there to be sent, and a place for what has come. */
extern char sent[1 << 20];
extern char got[1 << 20];

extern const int versions[2];

#define FOR_BOTH_VERSIONS(i) for (size_t i = 0; i < 2; i++)

/* Before and after each test. */
void meeting_begin(void);
void meeting_end(void);

/* The client speaks this version alone. */
void set_version(int version);

/* A new connection, whose handshake is done. */
void agree(int version);

/* The client sends it. */
void say(const char *text);

/* What the client sends from here on stays with it; gives it. */
BIO *hold_back(void);

/* Sends `size` bytes of what was held back, or all. */
void let_go(BIO *memory, size_t size);

#endif
