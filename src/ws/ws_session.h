/* ws_session - one WebSocket connection behind its handshake: bytes in, events out; messages in,
 * frames out (RFC 6455, RFC 7692; promise CON-8).
 *
 * Pure: no clock and no I/O. Memory comes from the function in the shared part. A session between
 * two messages holds nothing but its struct, and its own compressors if a context is kept.
 *
 * What is to be sent is never stored here: control frames come in the struct that the caller gives,
 * frames of messages as a head and a view. So the caller's output is the only queue; while that
 * waits for the client, the caller does not read on, and pings cannot pile up. */
#ifndef TOAD_WS_WS_SESSION_H
#define TOAD_WS_WS_SESSION_H

#include "ws/ws_close.h"
#include "ws/ws_life.h"
#include "ws/ws_message.h"

struct ws_control_payload {
    uint8_t size;
    bool is_used_up; /* it has been handed out */
    char data[WS_CONTROL_MAX];
};

/* What all sessions of one worker share. Stays where it is while there are any. */
struct ws_shared {
    struct ws_memory memory;
    struct ws_frames frames;
    struct ws_deflate_shared deflate;
};

struct ws_session {
    struct ws_shared *shared; /* borrowed */
    struct ws_life_state state;
    struct ws_frame_reader reader;
    struct ws_message message;
    bool is_reported; /* an event has told the end */
    struct ws_deflate deflate;
    struct ws_control_payload *control; /* of one that comes in parts; NULL: none */
};

/* A control frame, ready to be sent. Size 0: none. */
struct ws_control {
    uint8_t size;
    char data[2 + WS_CONTROL_MAX];
};

/* The frame of a message: `head`, then `payload`. */
struct ws_frame {
    uint8_t head_size;
    char head[WS_FRAME_HEAD_MAX];
    struct bytes payload; /* the message itself, or lives until the next message is sent */
};

enum ws_event_kind {
    WS_EVENT_TEXT,   /* a whole message, UTF-8 */
    WS_EVENT_BINARY, /* a whole message */
    WS_EVENT_PING,   /* the answer is the pong */
    WS_EVENT_PONG,
    WS_EVENT_CLOSE, /* the client has closed; the answer is the server's close unless it was sent */
    WS_EVENT_FAILED, /* the client broke a rule or a limit; the answer closes with `code` */
};

struct ws_event {
    enum ws_event_kind kind;
    uint16_t code;            /* of CLOSE (1005: none) and FAILED */
    struct bytes bytes;       /* message, payload of ping or pong, reason of the close, or why it
                                 failed, for the log; valid until anything is received again with
                                 the same shared part */
    struct ws_control answer; /* to be sent before anything else */
};

/* `resize` is like realloc(), and called with a size of 0 to give memory back. */
void ws_shared_init(struct ws_shared *shared, void *(*resize)(void *memory, size_t size));
void ws_shared_clear(struct ws_shared *shared);

/* The handshake has been answered. `message_most` bounds a message, inflated or not. */
void ws_session_init(struct ws_session *session, struct ws_shared *shared,
                     const struct ws_deflate_terms *terms, uint64_t message_most, int64_t now_us);
void ws_session_clear(struct ws_session *session);

/* Reads up to the next event and takes what it used off `*input`; the bytes behind the head of the
 * handshake are the first. False: all is used, more is needed. After CLOSE and
 * FAILED the rest is dropped. */
bool ws_session_receive(struct ws_session *session, struct bytes *input, int64_t now_us,
                        struct ws_event *ret_event);

/* Makes the frame of a message. ERROR_CLOSED: it is too late. ERROR_INVALID: a text that is not
 * UTF-8. ERROR_MEMORY. */
MUST_CHECK enum error ws_session_send(struct ws_session *session, bool is_text,
                                      struct bytes message, int64_t now_us,
                                      struct ws_frame *ret_frame);

/* Makes a ping. ERROR_CLOSED, or ERROR_INVALID for more than WS_CONTROL_MAX bytes. */
MUST_CHECK enum error ws_session_ping(struct ws_session *session, struct bytes payload,
                                      int64_t now_us, struct ws_control *ret_control);

/* Begins to close; messages that still come are dropped. WS_CLOSE_NO_CODE sends none. ERROR_CLOSED:
 * that has happened already. ERROR_INVALID: code or reason may not be sent (ws_close_write). */
MUST_CHECK enum error ws_session_close(struct ws_session *session, uint16_t code,
                                       struct bytes reason, int64_t now_us,
                                       struct ws_control *ret_control);

/* The deadline has come: an open session begins to close with 1001, which is in `*ret_control`; any
 * other is over (life CLOSED). */
void ws_session_time_out(struct ws_session *session, int64_t now_us,
                         struct ws_control *ret_control);

/* When ws_session_time_out() is due; NEVER_US if it is not. */
int64_t ws_session_deadline(const struct ws_session *session,
                            const struct ws_life_settings *settings);

/* Bytes of the output have gone; all of them have (life FINISHING becomes LINGERING: end the
 * sending side, read what comes away); some are left. */
void ws_session_moved(struct ws_session *session, int64_t now_us);
void ws_session_flushed(struct ws_session *session, int64_t now_us);
void ws_session_stall(struct ws_session *session, int64_t now_us);

/* The connection is gone or given up: life CLOSED. True if no event has told the end, so that the
 * application is to be told WS_CLOSE_ABNORMAL; false the second time. */
bool ws_session_lose(struct ws_session *session, int64_t now_us);

#endif
