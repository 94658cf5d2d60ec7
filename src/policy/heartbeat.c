#include "policy/heartbeat.h"

#include <string.h>

static const struct bytes leaving_mark = {":1", 2};

void heartbeat_reader_init(struct heartbeat_reader *reader)
{
    *reader = (struct heartbeat_reader){.size = 0};
}

static bool parse_line(struct bytes line, struct heartbeat *ret_heartbeat)
{
    bool is_leaving = false;
    if (line.size > leaving_mark.size &&
        bytes_equal(bytes_from(line, line.size - leaving_mark.size), leaving_mark)) {
        is_leaving = true;
        line.size -= leaving_mark.size;
    }
    uint64_t pid = 0;
    if (!bytes_to_number(line, INT32_MAX, &pid) || line.data[0] == '0')
        return false;
    *ret_heartbeat = (struct heartbeat){(int32_t)pid, is_leaving};
    return true;
}

static void keep(struct heartbeat_reader *reader, struct bytes part)
{
    if (part.size > sizeof reader->line - reader->size) {
        reader->is_overlong = true;
        return;
    }
    if (part.size > 0)
        memcpy(reader->line + reader->size, part.data, part.size);
    reader->size = (uint8_t)(reader->size + part.size);
}

bool heartbeat_read(struct heartbeat_reader *reader, struct bytes *chunk,
                    struct heartbeat *ret_heartbeat)
{
    while (chunk->size > 0) {
        size_t end = bytes_find(*chunk, '\n');
        keep(reader, bytes_first(*chunk, end));
        if (end == chunk->size)
            break;
        struct heartbeat_reader whole = *reader;
        heartbeat_reader_init(reader);
        *chunk = bytes_from(*chunk, end + 1);
        if (!whole.is_overlong && parse_line((struct bytes){whole.line, whole.size}, ret_heartbeat))
            return true;
    }
    *chunk = (struct bytes){NULL, 0};
    return false;
}

bool heartbeat_write(struct buffer *buffer, struct heartbeat heartbeat)
{
    return buffer_append_format(buffer, "%d%s\n", (int)heartbeat.pid,
                                heartbeat.is_leaving ? leaving_mark.data : "");
}
