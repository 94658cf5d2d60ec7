/* heartbeat - the lines that workers write to the manager's pipe.
 *
 * Pure. `PID\n` says: I serve. `PID:1\n` says: I am leaving. Reads may tear a line anywhere, so the
 * reader keeps what it has of one. Everything else on the pipe is dropped up to the next line end
 * (promises HBT-1, HBT-4). */
#ifndef TOAD_POLICY_HEARTBEAT_H
#define TOAD_POLICY_HEARTBEAT_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct heartbeat {
    int32_t pid;
    bool is_leaving;
};

struct heartbeat_reader {
    char line[HEARTBEAT_LINE_MAX];
    uint8_t size;
    bool is_overlong;
};

void heartbeat_reader_init(struct heartbeat_reader *reader);

/* Reads from `*chunk` up to and with the first valid line and moves `*chunk` behind it. False when
 * the chunk is used up; what it held of an unfinished line is kept for the next one. */
bool heartbeat_read(struct heartbeat_reader *reader, struct bytes *chunk,
                    struct heartbeat *ret_heartbeat);

/* Appends the line of a worker; false if it does not fit. */
bool heartbeat_write(struct buffer *buffer, struct heartbeat heartbeat);

#endif
