#include "ws/ws_frame.h"

#include <wslay/wslay.h>

#include <string.h>

enum {
    LENGTH_IS_16_BITS = 126,
    LENGTH_IS_64_BITS = 127,
    FINAL_BIT = 0x80,
    MASK_SIZE = 4
};

static ssize_t on_receive(uint8_t *data, size_t size, int flags, void *user)
{
    (void)flags;
    struct ws_frames *frames = user;
    struct bytes taken = bytes_first(frames->input, size);
    if (taken.size == 0)
        return -1;
    memcpy(data, taken.data, taken.size);
    frames->input = bytes_from(frames->input, taken.size);
    frames->given += taken.size;
    return (ssize_t)taken.size;
}

void ws_frames_init(struct ws_frames *frames)
{
    *frames = (struct ws_frames){.spare = NULL};
}

void ws_frames_clear(struct ws_frames *frames)
{
    wslay_frame_context_free(frames->spare);
    ws_frames_init(frames);
}

void ws_frame_reader_init(struct ws_frame_reader *reader)
{
    *reader = (struct ws_frame_reader){.context = NULL};
}

void ws_frame_reader_clear(struct ws_frame_reader *reader)
{
    wslay_frame_context_free(reader->context);
    ws_frame_reader_init(reader);
}

static bool borrow(struct ws_frame_reader *reader, struct ws_frames *frames)
{
    if (reader->context != NULL)
        return true;
    reader->context = frames->spare;
    frames->spare = NULL;
    if (reader->context != NULL)
        return true;
    const struct wslay_frame_callbacks callbacks = {.recv_callback = on_receive};
    return wslay_frame_context_init(&reader->context, &callbacks, frames) == 0;
}

/* A context that holds no byte of a frame is like a new one. */
static void give_back(struct ws_frame_reader *reader, struct ws_frames *frames)
{
    if (reader->held > 0 || reader->is_inside)
        return;
    if (frames->spare == NULL)
        frames->spare = reader->context;
    else
        wslay_frame_context_free(reader->context);
    reader->context = NULL;
}

static size_t head_size(const struct wslay_frame_iocb *frame)
{
    size_t size = 2 + (frame->mask ? (size_t)MASK_SIZE : 0);
    if (frame->payload_length < LENGTH_IS_16_BITS)
        return size;
    return size + (frame->payload_length <= UINT16_MAX ? sizeof(uint16_t) : sizeof(uint64_t));
}

static void make_piece(struct ws_frame_reader *reader, const struct wslay_frame_iocb *frame,
                       struct ws_piece *ret_piece)
{
    bool is_first = !reader->is_inside;
    if (is_first) {
        reader->left = frame->payload_length;
        reader->held -= head_size(frame);
    }
    reader->left -= frame->data_length;
    reader->held -= frame->data_length;
    reader->is_inside = reader->left > 0;
    *ret_piece = (struct ws_piece){
        .data = {(const char *)frame->data, frame->data_length},
        .frame_size = frame->payload_length,
        .opcode = frame->opcode,
        .reserved = frame->rsv,
        .is_masked = frame->mask != 0,
        .is_final = frame->fin != 0,
        .is_first = is_first,
        .is_last = reader->left == 0,
    };
}

enum ws_frame_progress ws_frame_read(struct ws_frame_reader *reader, struct ws_frames *frames,
                                     struct bytes *input, struct ws_piece *ret_piece)
{
    if (reader->context == NULL && input->size == 0)
        return WS_FRAME_INCOMPLETE;
    if (!borrow(reader, frames))
        return WS_FRAME_NO_MEMORY;
    struct wslay_frame_iocb frame = {0};
    frames->input = *input;
    frames->given = 0;
    /* wslay takes all that it has room for, so one that wants more has taken the last byte. */
    ssize_t result = wslay_frame_recv(reader->context, &frame);
    *input = frames->input;
    frames->input = (struct bytes){NULL, 0};
    reader->held += frames->given;
    if (result == WSLAY_ERR_WANT_READ) {
        give_back(reader, frames);
        return WS_FRAME_INCOMPLETE;
    }
    if (result < 0)
        return WS_FRAME_BROKEN;
    make_piece(reader, &frame, ret_piece);
    return WS_FRAME_PIECE;
}

uint8_t ws_frame_write_head(char head[WS_FRAME_HEAD_MAX], enum ws_opcode opcode, bool is_compressed,
                            uint64_t size)
{
    head[0] = (char)(FINAL_BIT | (is_compressed ? WS_RESERVED_COMPRESSED << 4 : 0) | (int)opcode);
    if (size < LENGTH_IS_16_BITS) {
        head[1] = (char)size;
        return 2;
    }
    uint8_t digits = size <= UINT16_MAX ? sizeof(uint16_t) : sizeof(uint64_t);
    head[1] = (char)(digits == sizeof(uint16_t) ? LENGTH_IS_16_BITS : LENGTH_IS_64_BITS);
    for (uint8_t i = 0; i < digits; i++)
        head[2 + i] = (char)(size >> 8 * (digits - 1 - i) & 0xff);
    return (uint8_t)(2 + digits);
}
