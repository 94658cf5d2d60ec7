#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

void buffer_init(struct buffer *buffer, char *storage, size_t capacity)
{
    *buffer = (struct buffer){.data = storage, .capacity = capacity};
}

struct bytes buffer_view(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->size};
}

size_t buffer_room(const struct buffer *buffer)
{
    return buffer->capacity - buffer->size;
}

bool buffer_append(struct buffer *buffer, struct bytes bytes)
{
    if (bytes.size > buffer_room(buffer))
        return false;
    if (bytes.size > 0)
        memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
    return true;
}

bool buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int length = vsnprintf(buffer->data + buffer->size, buffer_room(buffer), format, values);
    va_end(values);
    /* vsnprintf needs a byte more for its NUL, which is not kept. */
    if (length < 0 || (size_t)length >= buffer_room(buffer))
        return false;
    buffer->size += (size_t)length;
    return true;
}

bool buffer_append_number(struct buffer *buffer, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return buffer_append(buffer, (struct bytes){digits + first, sizeof digits - first});
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    if (size >= buffer->size) {
        buffer->size = 0;
        return;
    }
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}
