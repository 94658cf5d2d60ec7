/* session_client - a client of the worker in this process: sends as it is told, reads in time or
 * late, or vanishes. */
#ifndef TOAD_TESTS_FUZZ_SESSION_CLIENT_H
#define TOAD_TESTS_FUZZ_SESSION_CLIENT_H

#include "../unit/http/cuts.h"
#include "session_worker.h"

enum {
    OUTPUT_MAX = 4 << 20,
    NARROW_SIZE = 4608
};

/* How a client sends and reads. */
struct way {
    struct cuts cuts;
    bool is_slow;  /* reads, and has held requests answered, only when nothing else goes on */
    bool vanishes; /* closes in the middle, and reads nothing */
};

static char output[OUTPUT_MAX];

struct client {
    int fd;
    size_t received; /* bytes of `output` */
    bool has_ended;  /* the server sends no more */
    bool is_cut;     /* the server takes no more */
};

static struct client connect_client(const struct way *way)
{
    struct client client = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    int narrow = NARROW_SIZE;
    int accepted = find_lowest_fd();
    app_demand(client.fd >= 0 && connect(client.fd, (struct sockaddr *)&address, address_size) == 0,
               "The worker cannot be reached");
    settle();
    app_demand(toad_worker_connections(app.worker) == 1, "The worker does not accept");
    if (way->is_slow)
        app_demand(setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &narrow, sizeof narrow) == 0,
                   "The connection has another descriptor");
    return client;
}

/* False if there was nothing. */
static bool receive(struct client *client)
{
    if (client->has_ended)
        return false;
    app_demand(client->received < OUTPUT_MAX, "There are too many answers");
    ssize_t size = recv(client->fd, output + client->received, OUTPUT_MAX - client->received, 0);
    if (size > 0)
        client->received += (size_t)size;
    else if (size == 0 || errno == ECONNRESET)
        client->has_ended = true;
    return size > 0;
}

/* Everything that can happen without more input has happened behind this. */
static void exhaust(struct client *client)
{
    bool goes_on = true;
    while (goes_on) {
        settle();
        goes_on = app_release();
        while (receive(client))
            goes_on = true;
    }
}

static bool send_some(struct client *client, struct bytes *rest)
{
    ssize_t sent = send(client->fd, rest->data, rest->size, MSG_NOSIGNAL);
    if (sent > 0)
        *rest = bytes_from(*rest, (size_t)sent);
    else
        client->is_cut = errno != EAGAIN;
    return sent > 0;
}

static void send_piece(struct client *client, const struct way *way, struct bytes piece)
{
    for (bool is_stuck = false; piece.size > 0 && !client->is_cut;) {
        bool is_sent = send_some(client, &piece);
        if (!is_sent && way->vanishes)
            return;
        app_demand(is_sent || client->is_cut || !is_stuck, "The worker does not read");
        if (is_sent && (way->is_slow || way->vanishes))
            settle();
        else
            exhaust(client);
        is_stuck = !is_sent;
    }
}

/* Sends the stream, or the first half of it. */
static void send_stream(struct client *client, struct way way, struct bytes stream)
{
    size_t most = way.vanishes ? stream.size / 2 + 1 : stream.size;
    for (size_t sent = 0; sent < most && !client->is_cut;) {
        size_t size = cuts_next(&way.cuts, most - sent);
        send_piece(client, &way, bytes_first(bytes_from(stream, sent), size));
        sent += size;
    }
}

static void vanish(const struct client *client)
{
    settle();
    (void)close(client->fd);
    do
        settle();
    while (app_release());
}

#endif
