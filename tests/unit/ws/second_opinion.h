/* second_opinion - one stream of frames, read by ws_frame and by wslay.
 *
 * Both are given the same pieces, each in memory of exactly its size. After every piece both must
 * have told the same frames and refused the same; where one of them is ahead, a row of
 * opinion_reasons says why it may be. What frames mean to each other neither of them judges, nor
 * reserved bits, unknown opcodes, frames without a mask, or limits. */
#ifndef TOAD_TESTS_UNIT_WS_SECOND_OPINION_H
#define TOAD_TESTS_UNIT_WS_SECOND_OPINION_H

#include "transcript.h"
#include "ws/ws_frame.h"

#include <wslay/wslay.h>

struct opinion_frame {
    uint64_t size;
    uint64_t told; /* bytes of its payload */
    unsigned opcode;
    unsigned reserved;
    bool is_masked;
    bool is_final;
};

struct opinion {
    struct opinion_frame *frames;
    size_t count;
    struct buffer payload; /* of all frames */
    bool is_refused;
};

struct opinions {
    struct opinion ours;
    struct opinion theirs;
    struct ws_frame_reader reader;
    wslay_frame_context_ptr wslay;
    struct bytes unread; /* by wslay */
    struct bytes stream;
    size_t given;         /* bytes of the stream */
    size_t agreed_frames; /* need not be compared again */
    size_t agreed_bytes;
};

static inline struct opinion_frame *opinion_last(const struct opinion *opinion)
{
    return opinion->count == 0 ? NULL : &opinion->frames[opinion->count - 1];
}

/* What has been told of a frame, or of the next part of one; true if it is a new one. */
static inline bool opinion_note(struct opinion *opinion, struct opinion_frame frame,
                                struct bytes part)
{
    struct opinion_frame *last = opinion_last(opinion);
    bool is_new = last == NULL || last->told == last->size;
    frame.told = part.size + (is_new ? 0 : last->told);
    notation_must(frame.told <= frame.size);
    notation_must(is_new ||
                  (last->size == frame.size && last->opcode == frame.opcode &&
                   last->reserved == frame.reserved && last->is_masked == frame.is_masked &&
                   last->is_final == frame.is_final));
    opinion->count += is_new;
    *opinion_last(opinion) = frame;
    notation_must(buffer_append(&opinion->payload, part));
    return is_new;
}

static inline void opinions_ask_ours(struct opinions *both, struct bytes piece)
{
    static struct ws_frames frames;
    struct ws_piece told;
    enum ws_frame_progress progress;
    while ((progress = ws_frame_read(&both->reader, &frames, &piece, &told)) == WS_FRAME_PIECE) {
        bool is_new = opinion_note(&both->ours,
                                   (struct opinion_frame){.size = told.frame_size,
                                                          .opcode = told.opcode,
                                                          .reserved = told.reserved,
                                                          .is_masked = told.is_masked,
                                                          .is_final = told.is_final},
                                   told.data);
        const struct opinion_frame *last = opinion_last(&both->ours);
        notation_must(told.is_first == is_new && told.is_last == (last->told == last->size));
    }
    both->ours.is_refused = progress == WS_FRAME_BROKEN;
    notation_must(both->ours.is_refused || piece.size == 0);
}

static inline ssize_t opinions_give_wslay(uint8_t *data, size_t size, int flags, void *user)
{
    (void)flags;
    struct opinions *both = user;
    struct bytes part = bytes_first(both->unread, size);
    if (part.size == 0)
        return -1;
    memcpy(data, part.data, part.size);
    both->unread = bytes_from(both->unread, part.size);
    return (ssize_t)part.size;
}

static inline void opinions_ask_wslay(struct opinions *both, struct bytes piece)
{
    struct wslay_frame_iocb told = {0};
    ssize_t result;
    both->unread = piece;
    while ((result = wslay_frame_recv(both->wslay, &told)) >= 0)
        (void)opinion_note(&both->theirs,
                           (struct opinion_frame){.size = told.payload_length,
                                                  .opcode = told.opcode,
                                                  .reserved = told.rsv,
                                                  .is_masked = told.mask != 0,
                                                  .is_final = told.fin != 0},
                           (struct bytes){(const char *)told.data, told.data_length});
    both->theirs.is_refused = result == WSLAY_ERR_PROTO;
    notation_must(both->theirs.is_refused || result == WSLAY_ERR_WANT_READ);
}

/* RFC 6455 5.2: of a head with this second byte. */
static inline size_t opinion_head_size(unsigned byte)
{
    size_t mask = (byte & 0x80) != 0 ? 4 : 0;
    return 2 + mask + ((byte & 127) == 127 ? 8u : (byte & 127) == 126 ? 2u : 0u);
}

/* How much of the stream the frames make up; each length stands in its least form. */
static inline uint64_t opinion_size(const struct opinion *opinion)
{
    uint64_t size = opinion->payload.size;
    for (size_t i = 0; i < opinion->count; i++) {
        const struct opinion_frame *frame = &opinion->frames[i];
        unsigned code = frame->size < 126 ? 0 : frame->size < 65536 ? 126 : 127;
        size += opinion_head_size(code | (frame->is_masked ? 0x80u : 0u));
    }
    return size;
}

static inline bool opinions_head_is_told_early(const struct opinions *both)
{
    const struct opinion_frame *last = opinion_last(&both->ours);
    return !both->ours.is_refused && !both->theirs.is_refused &&
           both->ours.count == both->theirs.count + 1 && last->told == 0 && last->size > 0 &&
           opinion_size(&both->ours) == both->given;
}

static inline bool opinions_head_is_refused_early(const struct opinions *both)
{
    size_t start = (size_t)opinion_size(&both->theirs);
    size_t has = both->given - start;
    return !both->ours.is_refused && both->theirs.is_refused &&
           both->ours.count == both->theirs.count && has >= 2 &&
           has < opinion_head_size((unsigned char)both->stream.data[start + 1]);
}

struct opinion_reason {
    const char *meaning;
    bool (*holds)(const struct opinions *both);
};

static const struct opinion_reason opinion_reasons[] = {
    {"ws_frame tells a head before the first byte of its payload", opinions_head_is_told_early},
    {"wslay refuses the beginning of a head, ws_frame the whole", opinions_head_is_refused_early},
};

enum {
    OPINION_REASONS = sizeof opinion_reasons / sizeof opinion_reasons[0]
};

/* How often both were asked, and with what outcome. */
struct opinion_counts {
    size_t same;
    size_t reasons[OPINION_REASONS];
    size_t refused_streams;
    size_t waiting_streams;
    size_t frames[3]; /* by the bytes of their lengths: 0, 2, 8 */
};

/* The frames that both have told. */
static inline bool opinions_frames_are_same(struct opinions *both)
{
    size_t count = both->theirs.count;
    if (both->ours.payload.size != both->theirs.payload.size || both->ours.count < count)
        return false;
    for (size_t i = both->agreed_frames; i < count; i++) {
        const struct opinion_frame *one = &both->ours.frames[i];
        const struct opinion_frame *other = &both->theirs.frames[i];
        if (one->size != other->size || one->told != other->told || one->opcode != other->opcode ||
            one->reserved != other->reserved || one->is_masked != other->is_masked ||
            one->is_final != other->is_final)
            return false;
    }
    size_t from = both->agreed_bytes;
    both->agreed_frames = count > 0 ? count - 1 : 0; /* the last may be told more of */
    both->agreed_bytes = both->ours.payload.size;
    return memcmp(both->ours.payload.data + from, both->theirs.payload.data + from,
                  both->agreed_bytes - from) == 0;
}

static inline bool opinions_compare(struct opinions *both, struct opinion_counts *counts)
{
    if (!opinions_frames_are_same(both))
        return false;
    if (both->ours.count == both->theirs.count &&
        both->ours.is_refused == both->theirs.is_refused) {
        counts->same++;
        return true;
    }
    for (size_t i = 0; i < OPINION_REASONS; i++)
        if (opinion_reasons[i].holds(both)) {
            counts->reasons[i]++;
            return true;
        }
    return false;
}

static inline void opinions_ask(struct opinions *both, size_t size)
{
    char *memory = malloc(size);
    notation_must(memory != NULL);
    memcpy(memory, both->stream.data + both->given, size);
    both->given += size;
    if (!both->ours.is_refused)
        opinions_ask_ours(both, (struct bytes){memory, size});
    if (!both->theirs.is_refused)
        opinions_ask_wslay(both, (struct bytes){memory, size});
    free(memory);
}

static inline void opinion_init(struct opinion *opinion, size_t stream_size)
{
    char *storage = malloc(stream_size + 1);
    *opinion = (struct opinion){.frames = calloc(stream_size / 2 + 1, sizeof *opinion->frames)};
    notation_must(storage != NULL && opinion->frames != NULL);
    buffer_init(&opinion->payload, storage, stream_size + 1);
}

static inline void opinion_clear(struct opinion *opinion)
{
    free(opinion->payload.data);
    free(opinion->frames);
}

/* More of the last frame, or of a head, is to come. */
static inline bool opinion_is_waiting(const struct opinion *opinion, size_t given)
{
    const struct opinion_frame *last = opinion_last(opinion);
    return !opinion->is_refused &&
           (opinion_size(opinion) < given || (last != NULL && last->told < last->size));
}

static inline void opinions_count(const struct opinions *both, struct opinion_counts *counts)
{
    counts->refused_streams += both->ours.is_refused;
    counts->waiting_streams += opinion_is_waiting(&both->ours, both->given);
    for (size_t i = 0; i < both->ours.count; i++) {
        uint64_t size = both->ours.frames[i].size;
        counts->frames[size < 126 ? 0 : size < 65536 ? 1 : 2]++;
    }
}

static inline void opinion_say(const struct opinion *opinion, const char *name, struct buffer *said)
{
    notation_must(buffer_append_format(said, ", %s: %zu frames, %zu bytes%s", name, opinion->count,
                                       opinion->payload.size,
                                       opinion->is_refused ? ", refused" : ""));
}

static inline void opinions_open(struct opinions *both, struct bytes stream)
{
    const struct wslay_frame_callbacks callbacks = {.recv_callback = opinions_give_wslay};
    *both = (struct opinions){.stream = stream};
    opinion_init(&both->ours, stream.size);
    opinion_init(&both->theirs, stream.size);
    ws_frame_reader_init(&both->reader);
    notation_must(wslay_frame_context_init(&both->wslay, &callbacks, both) == 0);
}

static inline void opinions_close(struct opinions *both)
{
    wslay_frame_context_free(both->wslay);
    opinion_clear(&both->ours);
    opinion_clear(&both->theirs);
}

/* Plays the stream to both, up to the first difference that no reason explains: that is false, and
 * `said` what each has told. */
static inline bool opinions_play(struct bytes stream, struct cuts cuts,
                                 struct opinion_counts *counts, struct buffer *said)
{
    struct opinions both;
    bool is_same = true;
    opinions_open(&both, stream);
    while (is_same && both.given < stream.size) {
        opinions_ask(&both, cuts_next(&cuts, stream.size - both.given));
        is_same = opinions_compare(&both, counts);
    }
    if (!is_same) {
        notation_must(buffer_append_format(said, "after %zu bytes", both.given));
        opinion_say(&both.ours, "ws_frame", said);
        opinion_say(&both.theirs, "wslay", said);
    }
    opinions_count(&both, counts);
    opinions_close(&both);
    return is_same;
}

#endif
