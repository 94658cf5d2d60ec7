#include "ws/ws_session.h"

#include <assert.h>
#include <string.h>

void ws_shared_init(struct ws_shared *shared, void *(*resize)(void *memory, size_t size))
{
    shared->memory = (struct ws_memory){.resize = resize};
    ws_deflate_shared_init(&shared->deflate, &shared->memory);
}

void ws_shared_clear(struct ws_shared *shared)
{
    ws_deflate_shared_clear(&shared->deflate);
}

void ws_session_init(struct ws_session *session, struct ws_shared *shared,
                     const struct ws_deflate_terms *terms, uint64_t message_most, int64_t now_us)
{
    *session = (struct ws_session){.shared = shared};
    ws_message_init(&session->message, message_most);
    ws_life_init(&session->state, now_us);
    ws_frame_reader_init(&session->reader);
    ws_deflate_init(&session->deflate, terms);
}

static void release_control(struct ws_session *session)
{
    if (session->control != NULL)
        (void)session->shared->memory.resize(session->control, 0);
    session->control = NULL;
}

void ws_session_clear(struct ws_session *session)
{
    ws_message_release(&session->message, &session->shared->memory);
    release_control(session);
    ws_deflate_clear(&session->deflate, &session->shared->deflate);
}

/* The life is known to have a rule for it. */
static void observe(struct ws_session *session, enum ws_life_event event, int64_t now_us)
{
    enum error error = ws_life_observe(&session->state, event, now_us);
    assert(error == ERROR_NONE);
}

static void write_control(enum ws_opcode opcode, struct bytes payload,
                          struct ws_control *ret_control)
{
    char head[WS_FRAME_HEAD_MAX];
    uint8_t size = ws_frame_write_head(head, opcode, false, payload.size);
    memcpy(ret_control->data, head, size);
    if (payload.size > 0)
        memcpy(ret_control->data + size, payload.data, payload.size);
    ret_control->size = (uint8_t)(size + payload.size);
}

static enum error write_close(uint16_t code, struct bytes reason, struct ws_control *ret_control)
{
    char payload[WS_CONTROL_MAX];
    uint8_t size;
    enum error error = ws_close_write(code, reason, payload, &size);
    if (error == ERROR_NONE)
        write_control(WS_OPCODE_CLOSE, (struct bytes){payload, size}, ret_control);
    return error;
}

/* The end has come from the other side, well or not: nothing more is read. */
static bool end(struct ws_session *session, enum ws_life_event happened, uint16_t code,
                struct bytes bytes, int64_t now_us, struct ws_event *ret_event)
{
    ret_event->kind = happened == WS_LIFE_EVENT_FAILED ? WS_EVENT_FAILED : WS_EVENT_CLOSE;
    ret_event->code = code;
    ret_event->bytes = bytes;
    if (session->state.life == WS_LIFE_OPEN) {
        enum error error = write_close(code, (struct bytes){NULL, 0}, &ret_event->answer);
        assert(error == ERROR_NONE);
    }
    observe(session, happened, now_us);
    session->is_reported = true;
    ws_message_release(&session->message, &session->shared->memory);
    return true;
}

static const struct ws_fault none = {0, NULL};
static const struct ws_fault no_memory = {WS_CLOSE_INTERNAL_ERROR,
                                          "there is no memory for a control frame"};

static struct ws_fault fault(const char *reason)
{
    return (struct ws_fault){WS_CLOSE_PROTOCOL_ERROR, reason};
}

static bool fail(struct ws_session *session, struct ws_fault found, int64_t now_us,
                 struct ws_event *ret_event)
{
    return end(session, WS_LIFE_EVENT_FAILED, found.code, bytes_of(found.reason), now_us,
               ret_event);
}

static bool is_control(const struct ws_piece *piece)
{
    return (piece->opcode & 8) != 0;
}

static struct ws_fault judge_reserved(const struct ws_session *session,
                                      const struct ws_piece *piece)
{
    if (piece->reserved == 0)
        return none;
    if (piece->reserved != WS_RESERVED_COMPRESSED || !session->deflate.terms.is_agreed)
        return fault("a reserved bit is set");
    /* RFC 7692 6 */
    if (is_control(piece) || piece->opcode == WS_OPCODE_CONTINUATION)
        return fault("a frame that cannot be compressed says it is");
    return none;
}

static struct ws_fault judge_opcode(const struct ws_session *session, const struct ws_piece *piece)
{
    bool is_inside = ws_message_is_under_way(&session->message);
    switch (piece->opcode) {
    case WS_OPCODE_CONTINUATION:
        return is_inside ? none : fault("nothing is to be continued");
    case WS_OPCODE_TEXT:
    case WS_OPCODE_BINARY:
        return is_inside ? fault("a message begins inside another") : none;
    case WS_OPCODE_CLOSE:
    case WS_OPCODE_PING:
    case WS_OPCODE_PONG:
        return none;
    default:
        return fault("the opcode is reserved");
    }
}

/* RFC 6455 5.1, 5.2, 5.4 */
static struct ws_fault judge_frame(const struct ws_session *session, const struct ws_piece *piece)
{
    if (!piece->is_masked)
        return fault("a frame is not masked");
    struct ws_fault found = judge_reserved(session, piece);
    return found.code != 0 ? found : judge_opcode(session, piece);
}

/* True: there is an event, be it that the session failed. */
static bool take_data(struct ws_session *session, const struct ws_piece *piece, int64_t now_us,
                      struct ws_event *ret_event)
{
    if (session->state.life != WS_LIFE_OPEN) {
        ws_message_drop(&session->message, piece);
        return false;
    }
    uint8_t opcode;
    struct ws_fault found =
        ws_message_take(&session->message, &session->deflate, &session->shared->deflate, piece,
                        &ret_event->bytes, &opcode);
    if (found.code != 0)
        return fail(session, found, now_us, ret_event);
    ret_event->kind = opcode == WS_OPCODE_TEXT ? WS_EVENT_TEXT : WS_EVENT_BINARY;
    return opcode != WS_OPCODE_CONTINUATION;
}

static bool take_close(struct ws_session *session, struct bytes payload, int64_t now_us,
                       struct ws_event *ret_event)
{
    uint16_t code;
    struct bytes reason;
    bool is_valid = ws_close_read(payload, &code, &reason);
    return end(session, is_valid ? WS_LIFE_EVENT_CLOSE_RECEIVED : WS_LIFE_EVENT_FAILED, code,
               is_valid ? reason : BYTES("a close is malformed"), now_us, ret_event);
}

static bool use_control(struct ws_session *session, uint8_t opcode, struct bytes payload,
                        int64_t now_us, struct ws_event *ret_event)
{
    if (opcode == WS_OPCODE_CLOSE)
        return take_close(session, payload, now_us, ret_event);
    bool is_ping = opcode == WS_OPCODE_PING;
    ret_event->kind = is_ping ? WS_EVENT_PING : WS_EVENT_PONG;
    ret_event->bytes = payload;
    /* Nothing follows the server's close. */
    if (is_ping && session->state.life == WS_LIFE_OPEN)
        write_control(WS_OPCODE_PONG, payload, &ret_event->answer);
    return true;
}

/* False if there is no memory. */
static bool collect_control(struct ws_session *session, struct bytes data)
{
    if (session->control == NULL) {
        session->control = session->shared->memory.resize(NULL, sizeof *session->control);
        if (session->control == NULL)
            return false;
        session->control->size = 0;
        session->control->is_used_up = false;
    }
    struct ws_control_payload *control = session->control;
    /* ws_frame_read() lets no longer one through. */
    assert(control->size + data.size <= WS_CONTROL_MAX);
    if (data.size > 0)
        memcpy(control->data + control->size, data.data, data.size);
    control->size = (uint8_t)(control->size + data.size);
    return true;
}

static bool take_control(struct ws_session *session, const struct ws_piece *piece, int64_t now_us,
                         struct ws_event *ret_event)
{
    struct bytes payload = piece->data;
    bool is_in_parts = !piece->is_first || !piece->is_last;
    if (is_in_parts && !collect_control(session, piece->data))
        return fail(session, no_memory, now_us, ret_event);
    if (!piece->is_last)
        return false;
    if (is_in_parts) {
        session->control->is_used_up = true;
        payload = (struct bytes){session->control->data, session->control->size};
    }
    return use_control(session, piece->opcode, payload, now_us, ret_event);
}

static bool take_piece(struct ws_session *session, const struct ws_piece *piece, int64_t now_us,
                       struct ws_event *ret_event)
{
    struct ws_fault found = piece->is_first ? judge_frame(session, piece) : none;
    if (found.code != 0)
        return fail(session, found, now_us, ret_event);
    return is_control(piece) ? take_control(session, piece, now_us, ret_event)
                             : take_data(session, piece, now_us, ret_event);
}

static bool is_reading(const struct ws_session *session)
{
    return session->state.life == WS_LIFE_OPEN || session->state.life == WS_LIFE_CLOSING;
}

static bool read_event(struct ws_session *session, struct bytes *input, int64_t now_us,
                       struct ws_event *ret_event)
{
    struct ws_piece piece;
    while (true) {
        switch (ws_frame_read(&session->reader, &session->shared->frames, input, &piece)) {
        case WS_FRAME_INCOMPLETE:
            return false;
        case WS_FRAME_BROKEN:
            return fail(session, fault("a frame is malformed"), now_us, ret_event);
        case WS_FRAME_PIECE:
            if (take_piece(session, &piece, now_us, ret_event))
                return true;
        }
    }
}

bool ws_session_receive(struct ws_session *session, struct bytes *input, int64_t now_us,
                        struct ws_event *ret_event)
{
    ret_event->code = 0;
    ret_event->answer.size = 0;
    ws_message_rest(&session->message, &session->shared->memory);
    if (session->control != NULL && session->control->is_used_up)
        release_control(session);
    if (input->size > 0)
        ws_session_moved(session, now_us);
    bool has_event = is_reading(session) && read_event(session, input, now_us, ret_event);
    if (!is_reading(session))
        *input = (struct bytes){NULL, 0};
    return has_event;
}

enum error ws_session_send(struct ws_session *session, bool is_text, struct bytes message,
                           int64_t now_us, struct ws_frame *ret_frame)
{
    if (session->state.life != WS_LIFE_OPEN)
        return ERROR_CLOSED;
    if (is_text && !ws_utf8_is_valid(message))
        return ERROR_INVALID;
    bool is_compressed;
    enum error error = ws_deflate_shrink(&session->deflate, &session->shared->deflate, message,
                                         &ret_frame->payload, &is_compressed);
    if (error != ERROR_NONE)
        return error;
    ret_frame->head_size =
        ws_frame_write_head(ret_frame->head, is_text ? WS_OPCODE_TEXT : WS_OPCODE_BINARY,
                            is_compressed, ret_frame->payload.size);
    ws_session_moved(session, now_us);
    return ERROR_NONE;
}

enum error ws_session_ping(struct ws_session *session, struct bytes payload, int64_t now_us,
                           struct ws_control *ret_control)
{
    if (session->state.life != WS_LIFE_OPEN)
        return ERROR_CLOSED;
    if (payload.size > WS_CONTROL_MAX)
        return ERROR_INVALID;
    write_control(WS_OPCODE_PING, payload, ret_control);
    ws_session_moved(session, now_us);
    return ERROR_NONE;
}

/* From here on messages that come are dropped, and so is the part of one. */
static void begin_closing(struct ws_session *session, enum ws_life_event event, int64_t now_us)
{
    observe(session, event, now_us);
    if (!session->message.is_used_up)
        ws_message_release(&session->message, &session->shared->memory);
}

enum error ws_session_close(struct ws_session *session, uint16_t code, struct bytes reason,
                            int64_t now_us, struct ws_control *ret_control)
{
    if (session->state.life != WS_LIFE_OPEN)
        return ERROR_CLOSED;
    enum error error = write_close(code, reason, ret_control);
    if (error == ERROR_NONE)
        begin_closing(session, WS_LIFE_EVENT_CLOSE_SENT, now_us);
    return error;
}

void ws_session_time_out(struct ws_session *session, int64_t now_us, struct ws_control *ret_control)
{
    ret_control->size = 0;
    if (session->state.life == WS_LIFE_CLOSED)
        return;
    if (session->state.life == WS_LIFE_OPEN) {
        enum error error = write_close(WS_CLOSE_GOING_AWAY, (struct bytes){NULL, 0}, ret_control);
        assert(error == ERROR_NONE);
    }
    begin_closing(session, WS_LIFE_EVENT_TIMED_OUT, now_us);
}

int64_t ws_session_deadline(const struct ws_session *session,
                            const struct ws_life_settings *settings)
{
    return ws_life_deadline(&session->state, settings);
}

void ws_session_moved(struct ws_session *session, int64_t now_us)
{
    if (session->state.life != WS_LIFE_CLOSED)
        observe(session, WS_LIFE_EVENT_MOVED, now_us);
}

void ws_session_flushed(struct ws_session *session, int64_t now_us)
{
    if (session->state.life != WS_LIFE_CLOSED)
        observe(session, WS_LIFE_EVENT_FLUSHED, now_us);
}

void ws_session_stall(struct ws_session *session, int64_t now_us)
{
    ws_life_stall(&session->state, now_us);
}

bool ws_session_lose(struct ws_session *session, int64_t now_us)
{
    bool is_news = !session->is_reported;
    session->is_reported = true;
    if (session->state.life != WS_LIFE_CLOSED)
        observe(session, WS_LIFE_EVENT_LOST, now_us);
    return is_news;
}
