/* ws_frame - the frames of WebSocket (RFC 6455 5.2): read in pieces as they come, and written.
 *
 * Pure. A reader keeps the head of the frame under way and nothing else; payload is unmasked into
 * memory that all readers share. */
#ifndef TOAD_WS_WS_FRAME_H
#define TOAD_WS_WS_FRAME_H

#include "base/bytes.h"
#include "base/limits.h"

enum ws_opcode {
    WS_OPCODE_CONTINUATION = 0,
    WS_OPCODE_TEXT = 1,
    WS_OPCODE_BINARY = 2,
    WS_OPCODE_CLOSE = 8,
    WS_OPCODE_PING = 9,
    WS_OPCODE_PONG = 10,
};

/* The reserved bits of a frame's first byte. */
enum {
    WS_RESERVED_COMPRESSED = 4, /* RSV1 (RFC 7692 6) */
};

/* What all readers share; nothing in it outlives a piece. */
struct ws_frames {
    char unmasked[WS_PIECE_MAX];
};

/* All zero between two frames. */
struct ws_frame_reader {
    uint64_t size;     /* of the payload */
    uint64_t left;     /* that has not come yet */
    bool is_inside;    /* the head is complete, the payload is not */
    uint8_t head_size; /* bytes that have come */
    unsigned char head[WS_CLIENT_HEAD_MAX];
};

/* A frame, or a part of one. */
struct ws_piece {
    struct bytes data; /* unmasked; valid until anything is read with the same struct ws_frames */
    uint64_t frame_size;
    uint8_t opcode;
    uint8_t reserved;
    bool is_masked;
    bool is_final; /* the frame ends its message */
    bool is_first; /* of the frame; perhaps the head alone */
    bool is_last;
};

enum ws_frame_progress {
    WS_FRAME_INCOMPLETE, /* the input is used up */
    WS_FRAME_PIECE,
    WS_FRAME_BROKEN, /* malformed: fragmented or long control frame, length not in its least form */
};

void ws_frame_reader_init(struct ws_frame_reader *reader);

/* Takes what it reads off `*input`. After BROKEN the reader is of no use. */
enum ws_frame_progress ws_frame_read(struct ws_frame_reader *reader, struct ws_frames *frames,
                                     struct bytes *input, struct ws_piece *ret_piece);

/* Writes the head of a frame that is a whole message, and returns its size. */
uint8_t ws_frame_write_head(char head[WS_FRAME_HEAD_MAX], enum ws_opcode opcode, bool is_compressed,
                            uint64_t size);

#endif
