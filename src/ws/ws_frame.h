/* ws_frame - the frames of WebSocket (RFC 6455 5.2): read in pieces as they come, and written.
 *
 * Pure but for one thing: wslay allocates what holds a frame that is read only in part, 5 KiB of a
 * fixed size. A reader between two frames holds nothing: all readers of a worker share one spare.
 */
#ifndef TOAD_WS_WS_FRAME_H
#define TOAD_WS_WS_FRAME_H

#include "base/bytes.h"
#include "base/limits.h"

struct wslay_frame_context;

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

/* What all readers share. Stays where it is while there are readers. */
struct ws_frames {
    struct bytes input; /* while a frame is read */
    size_t given;       /* bytes of it that wslay has taken */
    struct wslay_frame_context *spare;
};

struct ws_frame_reader {
    struct wslay_frame_context *context; /* NULL: between two frames */
    uint64_t left;                       /* payload of the frame under way that has not come yet */
    size_t held;                         /* bytes that wslay has taken and not given back yet */
    bool is_inside;                      /* a frame is under way */
};

/* A frame, or a part of one. */
struct ws_piece {
    struct bytes data; /* unmasked; valid until anything is read with the same struct ws_frames */
    uint64_t frame_size;
    uint8_t opcode;
    uint8_t reserved;
    bool is_masked;
    bool is_final; /* the frame ends its message */
    bool is_first; /* of the frame */
    bool is_last;
};

enum ws_frame_progress {
    WS_FRAME_INCOMPLETE, /* the input is used up */
    WS_FRAME_PIECE,
    WS_FRAME_BROKEN, /* malformed: fragmented or long control frame, length not in its least form */
    WS_FRAME_NO_MEMORY,
};

void ws_frames_init(struct ws_frames *frames);
void ws_frames_clear(struct ws_frames *frames);

void ws_frame_reader_init(struct ws_frame_reader *reader);
void ws_frame_reader_clear(struct ws_frame_reader *reader);

/* Takes what it reads off `*input`; bytes behind the piece may be held back for the next call, so
 * it is called until it says INCOMPLETE. */
enum ws_frame_progress ws_frame_read(struct ws_frame_reader *reader, struct ws_frames *frames,
                                     struct bytes *input, struct ws_piece *ret_piece);

/* Writes the head of a frame that is a whole message, and returns its size. */
uint8_t ws_frame_write_head(char head[WS_FRAME_HEAD_MAX], enum ws_opcode opcode, bool is_compressed,
                            uint64_t size);

#endif
