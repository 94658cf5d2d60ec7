/* tls_facts - what a request knows of the TLS of its connection.
 *
 * Looked up when it is asked for the first time, and kept as long as the request. */
#ifndef TOAD_WORKER_TLS_FACTS_H
#define TOAD_WORKER_TLS_FACTS_H

struct toad_request;

/* NULL until they are asked for, or there is nothing to be told. */
struct tls_facts {
    const char *version;
    const char *cipher;
    const char *server_name;
    const char *client_subject;
};

/* Looks all of them up while the connection can still be asked. */
void tls_facts_keep(const struct toad_request *request);

#endif
