/* tls_facts - what a request knows of the TLS of its connection.
 *
 * Looked up when it is asked for the first time, and kept as long as the request. */
#ifndef TOAD_WORKER_TLS_FACTS_H
#define TOAD_WORKER_TLS_FACTS_H

/* NULL until they are asked for, or there is nothing to be told. */
struct tls_facts {
    const char *server_name;
    const char *client_subject;
};

#endif
