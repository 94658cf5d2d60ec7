#include "worker/opening.h"

#include "worker/answer.h"
#include "worker/worker_process.h"

static bool asks_for_upgrade(const struct http_head *head)
{
    for (uint32_t i = 0; i < head->field_count; i++)
        if (bytes_equal_ignoring_case(head->fields[i].name, BYTES("Upgrade")))
            return true;
    return false;
}

static void read_head(const struct toad_request *request, struct ws_handshake *handshake)
{
    const struct http_head *head = request->head;
    ws_handshake_init(handshake, head->method, head->version_minor, head->has_body);
    for (uint32_t i = 0; i < head->field_count; i++)
        ws_handshake_read(handshake, head->fields[i].name, head->fields[i].value,
                          &request->worker->settings->websocket_extension);
}

enum ws_verdict opening_judge(const struct toad_request *request, struct ws_refusal *ret_refusal)
{
    struct ws_handshake handshake;
    if (request->worker->settings->app->websocket == NULL || !asks_for_upgrade(request->head))
        return WS_VERDICT_PLAIN;
    read_head(request, &handshake);
    return ws_handshake_judge(&handshake, ret_refusal);
}

void opening_refuse(struct toad_request *request, const struct ws_refusal *refusal)
{
    /* What follows a malformed one may be frames, and is no request. */
    if (refusal->status == 400)
        request->connection->session.closes = true;
    answer_lines(request, refusal->status, refusal->fields, refusal->reason);
}

enum error opening_write(const struct toad_request *request, struct bytes protocol,
                         struct buffer *out, struct ws_deflate_terms *ret_terms)
{
    struct ws_handshake handshake;
    read_head(request, &handshake);
    bool fits = buffer_append(out, BYTES("HTTP/1.1 101 Switching Protocols\r\nDate: ")) &&
                buffer_append(out, worker_date(request->worker)) &&
                buffer_append(out, BYTES("\r\n"));
    enum error error = fits ? ws_handshake_write(&handshake, protocol, out) : ERROR_FULL;
    if (error == ERROR_NONE)
        *ret_terms = handshake.extension.terms;
    return error;
}

bool toad_ws_offers(const struct toad_request *request, const char *protocol)
{
    struct ws_handshake handshake;
    if (!request->is_opening)
        return false;
    read_head(request, &handshake);
    return ws_handshake_offers(&handshake, bytes_of(protocol));
}
