#include "worker/tls_facts.h"

#include "tls/tls_session.h"
#include "worker/worker_process.h"

enum {
    SUBJECT_MAX = 4096
};

/* Once the connection is not the request's any more there is nothing left to ask. */
static const struct tls_session *session_of(const struct toad_request *request)
{
    return request->connection == NULL ? NULL : request->connection->tls;
}

/* Reading is not changing, for the application: what is found is kept in the request. */
static const char *keep(const struct toad_request *request, const char *text)
{
    struct toad_request *owner = (struct toad_request *)(uintptr_t)request;
    return text == NULL ? NULL : memory_copy(&owner->memory, bytes_of(text));
}

static struct tls_facts *facts_of(const struct toad_request *request)
{
    return &((struct toad_request *)(uintptr_t)request)->tls;
}

const char *toad_tls_version(const struct toad_request *request)
{
    const struct tls_session *session = session_of(request);
    struct tls_facts *facts = facts_of(request);
    if (facts->version == NULL && session != NULL)
        facts->version = tls_session_version(session);
    return facts->version;
}

const char *toad_tls_cipher(const struct toad_request *request)
{
    const struct tls_session *session = session_of(request);
    struct tls_facts *facts = facts_of(request);
    if (facts->cipher == NULL && session != NULL)
        facts->cipher = tls_session_cipher(session);
    return facts->cipher;
}

const char *toad_tls_server_name(const struct toad_request *request)
{
    const struct tls_session *session = session_of(request);
    struct tls_facts *facts = facts_of(request);
    if (facts->server_name == NULL && session != NULL)
        facts->server_name = keep(request, tls_session_server_name(session));
    return facts->server_name;
}

const char *toad_tls_client_subject(const struct toad_request *request)
{
    const struct tls_session *session = session_of(request);
    struct tls_facts *facts = facts_of(request);
    char text[SUBJECT_MAX];
    if (facts->client_subject == NULL && session != NULL &&
        tls_session_client_subject(session, text, sizeof text))
        facts->client_subject = keep(request, text);
    return facts->client_subject;
}

void tls_facts_keep(const struct toad_request *request)
{
    (void)toad_tls_version(request);
    (void)toad_tls_cipher(request);
    (void)toad_tls_server_name(request);
    (void)toad_tls_client_subject(request);
}
