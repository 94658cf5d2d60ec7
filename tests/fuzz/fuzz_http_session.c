/* fuzz_http_session - any stream of bytes to a worker, and what it answers.
 *
 * A whole worker serves in this process, on a loop that is turned by hand until it is quiet. Each
 * stream is sent on connections of its own: whole, byte by byte, and in random pieces by a client
 * that reads late; the answers must be the same (promise CON-5) and stand up to answers.h. One more
 * client vanishes in the middle. Nothing may be left of any of them: no connection, no request, no
 * descriptor. */
#include "session_app.h"
#include "session_client.h"

enum {
    STREAM_MAX = 40000,
    SINGLE_MAX = 1500 /* longer ones are not sent byte by byte */
};

static char said[3][OUTPUT_MAX];

/* Whoever waits has its answers before the client ends its half; only a refusal may come behind
 * that, and then nothing may be left. */
static void finish(struct client *client, struct answers *answers)
{
    exhaust(client);
    app_demand(client->has_ended || !app_has_cut(),
               "The connection goes on behind a part of an answer");
    size_t received = client->received;
    bool has_ended = client->has_ended;
    (void)shutdown(client->fd, SHUT_WR);
    exhaust(client);
    has_ended = has_ended || client->received > received;
    app_demand(client->has_ended, "The worker does not close");
    answers->output = (struct bytes){output, client->received};
    answers->asked = app.asked;
    answers->asked_count = app.asked_count;
    answers_read(answers, has_ended);
}

/* Sends the stream; looks at the answers, unless the client vanishes. */
static void play(struct way way, struct bytes stream, struct answers *answers)
{
    app_forget();
    struct client client = connect_client(&way);
    send_stream(&client, way, stream);
    if (way.vanishes) {
        vanish(&client);
    } else {
        finish(&client, answers);
        (void)close(client.fd);
        settle();
    }
    check_rest();
}

/* ---- Judgement ---- */

static size_t count_of(struct bytes stream, struct bytes part)
{
    size_t count = 0;
    for (size_t i = 0; i < stream.size; i++)
        count += bytes_start_with(bytes_from(stream, i), part) ? 1 : 0;
    return count;
}

/* An answer that does not wait for the body may end the connection, or may not. */
static bool is_early(void)
{
    for (size_t i = 0; i < app.asked_count; i++)
        if (app.asked[i].is_early)
            return true;
    return false;
}

static void judge(const struct answers *whole, const struct answers *other, struct bytes stream)
{
    app_demand(other->asked_count <= count_of(stream, BYTES("HTTP/1.")),
               "There are more requests than versions");
    struct bytes expected = buffer_view(&whole->said);
    struct bytes seen = buffer_view(&other->said);
    if (is_early() || bytes_equal(expected, seen))
        return;
    (void)fprintf(stderr, "Cut in pieces it is answered with\n%.*s\ninstead of\n%.*s\n",
                  (int)seen.size, seen.data, (int)expected.size, expected.data);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > STREAM_MAX)
        return 0;
    if (app.worker == NULL)
        boot(&app_descriptor);
    /* libFuzzer opens some of its own between two inputs. */
    lowest_fd = find_lowest_fd();
    struct bytes stream = {(const char *)data, size};
    /* The size doubles as the seed: the same input is always cut in the same way. */
    const struct way ways[] = {
        {.cuts = {.first = size}},
        {.cuts = size > SINGLE_MAX ? (struct cuts){.seed = size}
                                   : (struct cuts){.first = 1, .rest = 1}},
        {.cuts = {.seed = size * 977 + data[size / 2]}, .is_slow = true},
        {.cuts = {.seed = size * 31 + data[0]}, .vanishes = true},
    };
    settings.message_max_bytes = size % 3 == 0 ? 20 : STREAM_MAX;
    settings.session.keep_alive_requests = size % 5 == 0 ? 3 : 0;
    settings.session.keep_alive_timeout_us = size % 2 == 0 ? 3600 * SECOND_US : 0;
    struct answers answers[sizeof ways / sizeof ways[0]] = {0};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        answers[i].has_head = count_of(stream, BYTES("HEAD")) > 0;
        if (!ways[i].vanishes)
            buffer_init(&answers[i].said, said[i], OUTPUT_MAX);
        play(ways[i], stream, &answers[i]);
        if (!ways[i].vanishes)
            judge(&answers[0], &answers[i], stream);
    }
    return 0;
}
