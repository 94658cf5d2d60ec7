#include "ws/ws_life.h"

#include "base/limits.h"

/* A row that ws_life.def does not list stays zero: is_listed is false. */
struct rule {
    bool is_listed;
    enum ws_life next;
};

static const struct rule rules[WS_LIFE_CLOSED + 1][WS_LIFE_EVENT_LOST + 1] = {
#define WS_RULE(life, event, next) [WS_LIFE_##life][WS_LIFE_EVENT_##event] = {true, WS_LIFE_##next},
#include "ws/ws_life.def"
#undef WS_RULE
};

void ws_life_init(struct ws_life_state *state, int64_t now_us)
{
    *state = (struct ws_life_state){.life = WS_LIFE_OPEN, .moved_us = now_us, .began_us = now_us};
}

enum error ws_life_observe(struct ws_life_state *state, enum ws_life_event event, int64_t now_us)
{
    const struct rule *rule = &rules[state->life][event];
    if (!rule->is_listed)
        return ERROR_INVALID;
    if (event == WS_LIFE_EVENT_FLUSHED)
        state->is_stalled = false;
    if (rule->next != state->life)
        state->began_us = now_us;
    state->moved_us = now_us;
    state->life = rule->next;
    return ERROR_NONE;
}

void ws_life_stall(struct ws_life_state *state, int64_t now_us)
{
    /* A client that takes nothing does not win time by being tried again. */
    if (!state->is_stalled)
        state->moved_us = now_us;
    state->is_stalled = true;
}

static int64_t after(int64_t start_us, int64_t timeout_us)
{
    return timeout_us > NEVER_US - start_us ? NEVER_US : start_us + timeout_us;
}

int64_t ws_life_deadline(const struct ws_life_state *state, const struct ws_life_settings *settings)
{
    switch (state->life) {
    case WS_LIFE_OPEN:
        if (settings->websocket_timeout_us == 0)
            return NEVER_US;
        return after(state->moved_us, settings->websocket_timeout_us);
    case WS_LIFE_CLOSING:
    case WS_LIFE_FINISHING:
        /* From the beginning: a client that goes on talking does not win time. */
        return after(state->began_us, settings->close_timeout_us);
    case WS_LIFE_LINGERING:
        return after(state->began_us, settings->linger_timeout_us);
    case WS_LIFE_CLOSED:
        break;
    }
    return NEVER_US;
}

const char *ws_life_text(enum ws_life life)
{
    switch (life) {
#define WS_LIFE(name, meaning)                                                                     \
    case WS_LIFE_##name:                                                                           \
        return #name;
#include "ws/ws_life.def"
#undef WS_LIFE
    }
    return "?";
}

const char *ws_life_event_text(enum ws_life_event event)
{
    switch (event) {
#define WS_LIFE_EVENT(name, meaning)                                                               \
    case WS_LIFE_EVENT_##name:                                                                     \
        return #name;
#include "ws/ws_life.def"
#undef WS_LIFE_EVENT
    }
    return "?";
}
