#include "worker/exchange_pool.h"

#include "worker/exchange.h"
#include "worker/worker_process.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    POOL_MAX = 64,            /* requests that are kept for the next ones */
    ROOMY_MEMORY_SIZE = 4096, /* before the heap is asked */
    COMPACT_MEMORY_SIZE = 32, /* beside the head and the path: an address as text */
};

/* The large parts are written before they are read: only the request itself is cleared. */
struct roomy_request {
    struct toad_request request;
    struct http_reader reader;
    struct http_head head;
    alignas(max_align_t) char memory[ROOMY_MEMORY_SIZE];
};

static_assert(offsetof(struct roomy_request, request) == 0, "one can be had from the other");

struct toad_request *exchange_pool_take(struct toad_worker *worker)
{
    struct exchange_pool *pool = &worker->exchanges;
    struct roomy_request *roomy = (struct roomy_request *)pool->free;
    struct body kept = {.data = NULL};
    if (roomy == NULL) {
        roomy = malloc(sizeof *roomy);
        if (roomy == NULL)
            return NULL;
    } else {
        kept.data = roomy->request.body.data;
        kept.capacity = roomy->request.body.capacity;
        pool->free = roomy->request.next;
        pool->count--;
    }
    roomy->request = (struct toad_request){
        .worker = worker,
        .references = 1,
        .body = kept,
        .reader = &roomy->reader,
        .head = &roomy->head,
    };
    memory_init(&roomy->request.memory, roomy->memory, sizeof roomy->memory);
    return &roomy->request;
}

static bool is_compact(const struct toad_request *request)
{
    return request->reader == NULL;
}

void exchange_pool_give_back(struct toad_request *request)
{
    struct exchange_pool *pool = &request->worker->exchanges;
    memory_clear(&request->memory);
    body_release(&request->body);
    if (is_compact(request) || pool->count == POOL_MAX) {
        free(request->body.data);
        free(request);
        return;
    }
    request->next = pool->free;
    pool->free = request;
    pool->count++;
}

void exchange_pool_clear(struct exchange_pool *pool)
{
    while (pool->free != NULL) {
        struct toad_request *request = pool->free;
        pool->free = request->next;
        free(request->body.data);
        free(request);
    }
    pool->count = 0;
}

/* From the method to the last value; a head without fields has none. */
static struct bytes text_of(const struct http_head *head)
{
    const char *begin = head->method.data;
    const struct bytes last = head->fields[head->field_count - 1].value;
    return (struct bytes){begin, (size_t)(last.data + last.size - begin)};
}

/* A view of the one text becomes one of the other; others are static. */
static void move_view(struct bytes *view, struct bytes from, const char *to)
{
    uintptr_t begin = (uintptr_t)from.data;
    uintptr_t place = (uintptr_t)view->data;
    if (place >= begin && place <= begin + from.size)
        view->data = to + (place - begin);
}

static void move_head(struct http_head *head, struct bytes from, const char *to)
{
    struct bytes *views[] = {&head->method, &head->target, &head->path, &head->query,
                             &head->authority};
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        move_view(views[i], from, to);
    for (uint32_t i = 0; i < head->field_count; i++) {
        move_view(&head->fields[i].name, from, to);
        move_view(&head->fields[i].value, from, to);
    }
}

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

struct toad_request *exchange_pool_compact(struct toad_request *request)
{
    struct bytes text = text_of(request->head);
    struct bytes path = bytes_of(request->path);
    /* The array of fields ends where the fields do. */
    size_t head_size =
        offsetof(struct http_head, fields) + request->head->field_count * sizeof(struct http_field);
    size_t memory_at = aligned(sizeof *request + head_size);
    size_t memory_size = aligned(text.size + 1) + aligned(path.size + 1) + COMPACT_MEMORY_SIZE;
    struct toad_request *compact = malloc(memory_at + memory_size);
    if (compact == NULL)
        return NULL;
    *compact = *request;
    compact->reader = NULL;
    compact->body.data = NULL;
    compact->body.capacity = 0;
    compact->head = (struct http_head *)(compact + 1);
    memcpy(compact->head, request->head, head_size);
    memory_init(&compact->memory, (char *)compact + memory_at, memory_size);
    /* There is room for both. */
    move_head(compact->head, text, memory_copy(&compact->memory, text));
    compact->path = memory_copy(&compact->memory, path);
    compact->connection->exchange = compact;
    exchange_pool_give_back(request);
    return compact;
}
