#include "policy/worker_life.h"

#include <stddef.h>

struct rule {
    enum worker_life life;
    enum worker_event event;
    enum worker_life next;
    enum worker_signal signal;
};

static const struct rule rules[] = {
#define WORKER_RULE(life, event, next, signal)                                                     \
    {WORKER_##life, WORKER_EVENT_##event, WORKER_##next, WORKER_SIGNAL_##signal},
#include "policy/worker_life.def"
#undef WORKER_RULE
};

enum error worker_life_decide(enum worker_life life, enum worker_event event,
                              enum worker_life *ret_life, enum worker_signal *ret_signal)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].life != life || rules[i].event != event)
            continue;
        *ret_life = rules[i].next;
        *ret_signal = rules[i].signal;
        return ERROR_NONE;
    }
    return ERROR_INVALID;
}

bool worker_life_is_serving(enum worker_life life)
{
    return life == WORKER_STARTING || life == WORKER_READY;
}

bool worker_life_is_leaving(enum worker_life life)
{
    return life == WORKER_LEAVING || life == WORKER_QUITTING;
}

const char *worker_life_text(enum worker_life life)
{
    switch (life) {
#define WORKER_LIFE(name, meaning)                                                                 \
    case WORKER_##name:                                                                            \
        return #name;
#include "policy/worker_life.def"
#undef WORKER_LIFE
    }
    return "?";
}

const char *worker_event_text(enum worker_event event)
{
    switch (event) {
#define WORKER_EVENT(name, meaning)                                                                \
    case WORKER_EVENT_##name:                                                                      \
        return #name;
#include "policy/worker_life.def"
#undef WORKER_EVENT
    }
    return "?";
}

const char *worker_signal_text(enum worker_signal signal)
{
    switch (signal) {
    case WORKER_SIGNAL_NONE:
        return "NONE";
    case WORKER_SIGNAL_QUIT:
        return "QUIT";
    case WORKER_SIGNAL_TERM:
        return "TERM";
    case WORKER_SIGNAL_KILL:
        return "KILL";
    case WORKER_SIGNAL_USR1:
        return "USR1";
    }
    return "?";
}
