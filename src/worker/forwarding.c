#include "worker/forwarding.h"

#include "http/http_forwarded.h"
#include "worker/worker_process.h"

#include <string.h>

static_assert(sizeof(struct ip_address) == sizeof(struct in6_addr), "both are 16 octets");

/* Reading is not changing, for the application: what is found is kept in the request. */
static struct toad_request *owner_of(const struct toad_request *request)
{
    return (struct toad_request *)(uintptr_t)request;
}

static struct http_forwarded *look_up(struct toad_request *request)
{
    struct http_forwarded *told = memory_take(&request->memory, sizeof *told);
    if (told == NULL)
        return NULL;
    struct ip_address peer;
    bool has_address = peer_has_address(&request->peer);
    memcpy(peer.octets, &request->peer.address, sizeof peer.octets);
    http_forwarded_read(request->head, has_address ? &peer : NULL,
                        &request->worker->settings->trust, told);
    return told;
}

static const struct http_forwarded *told_of(const struct toad_request *request)
{
    static const struct http_forwarded nothing;
    struct forwarding *forwarding = &owner_of(request)->forwarding;
    if (!request->worker->settings->trust.is_on)
        return &nothing;
    if (forwarding->told == NULL)
        forwarding->told = look_up(owner_of(request));
    return forwarding->told == NULL ? &nothing : forwarding->told;
}

struct peer forwarding_client(const struct toad_request *request)
{
    const struct http_forwarded *told = told_of(request);
    struct peer client = request->peer;
    if (told->has_client) {
        memcpy(&client.address, told->client.address.octets, sizeof client.address);
        client.port = told->client.port;
    }
    return client;
}

/* The text at `place`, which is made of the address if it is not there yet. */
static const char *text_at(const struct toad_request *request, const char **place,
                           const struct peer *peer)
{
    char storage[PEER_TEXT_SIZE];
    if (*place == NULL)
        *place = memory_copy(&owner_of(request)->memory, peer_text(peer, storage));
    return *place == NULL ? "" : *place;
}

const char *toad_remote_address(const struct toad_request *request)
{
    struct peer client = forwarding_client(request);
    return text_at(request, &owner_of(request)->forwarding.client_text, &client);
}

unsigned toad_remote_port(const struct toad_request *request)
{
    return forwarding_client(request).port;
}

const char *toad_peer_address(const struct toad_request *request)
{
    return text_at(request, &owner_of(request)->forwarding.peer_text, &request->peer);
}

const char *toad_scheme(const struct toad_request *request)
{
    struct bytes scheme = told_of(request)->scheme;
    if (scheme.size > 0)
        return scheme.data;
    return request->is_tls ? "https" : "http";
}

const char *toad_host_name(const struct toad_request *request)
{
    /* It may stand inside the target, which must stay as it is. */
    struct toad_request *owner = owner_of(request);
    struct bytes host = told_of(request)->host;
    if (host.size == 0)
        host = request->head->authority;
    if (owner->forwarding.host_text == NULL)
        owner->forwarding.host_text = memory_copy(&owner->memory, host);
    return owner->forwarding.host_text == NULL ? "" : owner->forwarding.host_text;
}

/* Once the connection is not the request's any more there is nothing left to ask. */
static void find_local_end(const struct toad_request *request)
{
    struct forwarding *forwarding = &owner_of(request)->forwarding;
    struct peer end;
    if (forwarding->local_text != NULL || request->connection == NULL ||
        !peer_at_this_end(request->connection->io.fd, &end))
        return;
    (void)text_at(request, &forwarding->local_text, &end);
    forwarding->local_port = end.port;
}

const char *toad_local_address(const struct toad_request *request)
{
    find_local_end(request);
    return request->forwarding.local_text == NULL ? "" : request->forwarding.local_text;
}

unsigned toad_local_port(const struct toad_request *request)
{
    find_local_end(request);
    return request->forwarding.local_port;
}
