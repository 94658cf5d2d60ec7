#include "ws/ws_memory.h"

#include "base/limits.h"

enum error ws_memory_grow(const struct ws_memory *memory, struct buffer *buffer, size_t size,
                          uint64_t most)
{
    if (size <= buffer_room(buffer))
        return ERROR_NONE;
    if (size > SIZE_MAX / 4 - buffer->capacity)
        return ERROR_MEMORY;
    size_t wanted = buffer->capacity == 0 ? WS_MEMORY_FIRST : buffer->capacity * 2;
    if (wanted > most)
        wanted = (size_t)most;
    if (wanted < buffer->size + size)
        wanted = buffer->size + size;
    char *grown = memory->resize(buffer->data, wanted);
    if (grown == NULL)
        return ERROR_MEMORY;
    buffer->data = grown;
    buffer->capacity = wanted;
    return ERROR_NONE;
}

void ws_memory_release(const struct ws_memory *memory, struct buffer *buffer)
{
    if (buffer->data != NULL)
        (void)memory->resize(buffer->data, 0);
    *buffer = (struct buffer){.data = NULL};
}
