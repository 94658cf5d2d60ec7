/* agenda - what will happen in the simulated world, earliest first, in the order of noting among
 * equals. */
#ifndef TOAD_TESTS_KERNEL_AGENDA_H
#define TOAD_TESTS_KERNEL_AGENDA_H

#include <stdint.h>

enum {
    AGENDA_MAX = 16384
};

enum happening_kind {
#define HAPPENING(name, text) HAPPENING_##name,
#include "happenings.def"
#undef HAPPENING
};

struct happening {
    int64_t at_us;
    uint64_t order;
    enum happening_kind kind;
    int32_t pid;   /* of the process that it happens to; 0: to nobody in particular */
    uint32_t life; /* a later process with this pid is not meant */
    int32_t number;
};

struct agenda {
    uint64_t noted; /* so far */
    uint32_t count;
    struct happening list[AGENDA_MAX]; /* a heap: no parent is later than its children */
};

void agenda_init(struct agenda *agenda);

void agenda_note(struct agenda *agenda, struct happening happening);

/* When the next one is due; INT64_MAX if there is none. */
int64_t agenda_next_us(const struct agenda *agenda);

/* Takes the next one; there must be one. */
struct happening agenda_take(struct agenda *agenda);

const char *happening_text(enum happening_kind kind);

#endif
