#include "agenda.h"

#include <assert.h>
#include <stdbool.h>

void agenda_init(struct agenda *agenda)
{
    agenda->noted = 0;
    agenda->count = 0;
}

static bool is_earlier(const struct happening *a, const struct happening *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void agenda_note(struct agenda *agenda, struct happening happening)
{
    assert(agenda->count < AGENDA_MAX);
    happening.order = agenda->noted++;
    uint32_t hole = agenda->count++;
    while (hole > 0 && is_earlier(&happening, &agenda->list[(hole - 1) / 2])) {
        agenda->list[hole] = agenda->list[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    agenda->list[hole] = happening;
}

int64_t agenda_next_us(const struct agenda *agenda)
{
    return agenda->count > 0 ? agenda->list[0].at_us : INT64_MAX;
}

/* Where `last` belongs when the place at the top is free. */
static void sink(struct agenda *agenda, struct happening last)
{
    uint32_t hole = 0;
    for (;;) {
        uint32_t child = 2 * hole + 1;
        if (child >= agenda->count)
            break;
        if (child + 1 < agenda->count && is_earlier(&agenda->list[child + 1], &agenda->list[child]))
            child++;
        if (is_earlier(&last, &agenda->list[child]))
            break;
        agenda->list[hole] = agenda->list[child];
        hole = child;
    }
    agenda->list[hole] = last;
}

struct happening agenda_take(struct agenda *agenda)
{
    assert(agenda->count > 0);
    struct happening first = agenda->list[0];
    struct happening last = agenda->list[--agenda->count];
    if (agenda->count > 0)
        sink(agenda, last);
    return first;
}

const char *happening_text(enum happening_kind kind)
{
    switch (kind) {
#define HAPPENING(name, text)                                                                      \
    case HAPPENING_##name:                                                                         \
        return text;
#include "happenings.def"
#undef HAPPENING
    }
    return "?";
}
