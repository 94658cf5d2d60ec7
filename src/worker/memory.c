#include "worker/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct memory_block {
    struct memory_block *next;
    alignas(max_align_t) char data[];
};

void memory_init(struct memory *memory, char *first, size_t capacity)
{
    *memory = (struct memory){.first = first, .capacity = capacity};
}

void *memory_take(struct memory *memory, size_t size)
{
    size_t alignment = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (rounded <= memory->capacity - memory->used) {
        void *place = memory->first + memory->used;
        memory->used += rounded;
        return place;
    }
    struct memory_block *block = malloc(sizeof *block + rounded);
    if (block == NULL)
        return NULL;
    block->next = memory->blocks;
    memory->blocks = block;
    return block->data;
}

char *memory_copy(struct memory *memory, struct bytes bytes)
{
    char *copy = memory_take(memory, bytes.size + 1);
    if (copy == NULL)
        return NULL;
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size] = '\0';
    return copy;
}

void memory_clear(struct memory *memory)
{
    while (memory->blocks != NULL) {
        struct memory_block *block = memory->blocks;
        memory->blocks = block->next;
        free(block);
    }
    memory->used = 0;
}
