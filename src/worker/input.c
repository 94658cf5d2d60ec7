#include "worker/input.h"

#include <stdlib.h>
#include <string.h>

enum {
    SMALLEST = 512
};

struct bytes input_view(const struct input *input)
{
    return input == NULL ? (struct bytes){NULL, 0} : (struct bytes){input->data, input->size};
}

enum error input_append(struct input **input, struct bytes bytes)
{
    if (bytes.size == 0)
        return ERROR_NONE;
    size_t size = *input == NULL ? 0 : (*input)->size;
    size_t capacity = *input == NULL ? 0 : (*input)->capacity;
    if (size + bytes.size > capacity) {
        size_t wanted = capacity == 0 ? SMALLEST : capacity * 2;
        while (wanted < size + bytes.size)
            wanted *= 2;
        struct input *grown = realloc(*input, sizeof **input + wanted);
        if (grown == NULL)
            return ERROR_MEMORY;
        if (*input == NULL)
            http_scan_init(&grown->scan);
        grown->size = size;
        grown->capacity = wanted;
        *input = grown;
    }
    memcpy((*input)->data + size, bytes.data, bytes.size);
    (*input)->size = size + bytes.size;
    return ERROR_NONE;
}

void input_consume(struct input **input, size_t size)
{
    if (*input == NULL || size == 0)
        return;
    if (size >= (*input)->size) {
        input_clear(input);
        return;
    }
    (*input)->size -= size;
    memmove((*input)->data, (*input)->data + size, (*input)->size);
    http_scan_init(&(*input)->scan);
}

void input_clear(struct input **input)
{
    free(*input);
    *input = NULL;
}
