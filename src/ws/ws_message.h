/* ws_message - a message put together from its frames, bounded, inflated and seen to be text.
 *
 * Pure. One that comes in one piece is never copied; memory for others grows with what has arrived,
 * from the caller's function, and is given back once the message has been used. */
#ifndef TOAD_WS_WS_MESSAGE_H
#define TOAD_WS_WS_MESSAGE_H

#include "ws/ws_deflate.h"
#include "ws/ws_frame.h"
#include "ws/ws_utf8.h"

/* What a client did wrong and the code that says so; code 0: nothing. */
struct ws_fault {
    uint16_t code;
    const char *reason; /* static text for the log */
};

struct ws_message {
    uint64_t most;       /* bytes, inflated or not */
    struct buffer parts; /* what has come of a message that comes in parts */
    uint32_t fragments;  /* frames so far */
    uint8_t opcode;      /* WS_OPCODE_TEXT or _BINARY; WS_OPCODE_CONTINUATION: none is under way */
    bool is_compressed;
    bool is_used_up;     /* `parts` have been handed out whole */
    struct ws_utf8 utf8; /* of a text that is not compressed; complete between two */
};

void ws_message_init(struct ws_message *message, uint64_t most);

/* Gives the memory back; a message under way is forgotten but for its opcode. */
void ws_message_release(struct ws_message *message, const struct ws_memory *memory);

/* Gives the memory back if the message that it held has been handed out. */
void ws_message_rest(struct ws_message *message, const struct ws_memory *memory);

/* A message has begun and not ended. */
bool ws_message_is_under_way(const struct ws_message *message);

/* Adds a piece of a data frame that may stand here. At the end of the message `*ret_whole` is it,
 * valid until anything is read with the same shared parts, and `*ret_opcode` its own; before that
 * WS_OPCODE_CONTINUATION. */
struct ws_fault ws_message_take(struct ws_message *message, struct ws_deflate *own,
                                struct ws_deflate_shared *shared, const struct ws_piece *piece,
                                struct bytes *ret_whole, uint8_t *ret_opcode);

/* As ws_message_take(), but nothing is kept or measured: only the frames' order is followed. */
void ws_message_drop(struct ws_message *message, const struct ws_piece *piece);

#endif
