/* ws_life - where one WebSocket connection stands, and until when it may wait there.
 *
 * Pure. The table is ws_life.def (promise CON-8). */
#ifndef TOAD_WS_WS_LIFE_H
#define TOAD_WS_WS_LIFE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum ws_life {
#define WS_LIFE(name, meaning) WS_LIFE_##name,
#include "ws/ws_life.def"
#undef WS_LIFE
};

enum ws_life_event {
#define WS_LIFE_EVENT(name, meaning) WS_LIFE_EVENT_##name,
#include "ws/ws_life.def"
#undef WS_LIFE_EVENT
};

struct ws_life_settings {
    int64_t websocket_timeout_us; /* 0: without limit */
    int64_t close_timeout_us;     /* for the client's close, and for the server's to go out */
    int64_t linger_timeout_us;
};

struct ws_life_state {
    enum ws_life life;
    bool is_stalled;  /* output waits for the client */
    int64_t moved_us; /* when something last happened */
    int64_t began_us; /* when the present life began */
};

void ws_life_init(struct ws_life_state *state, int64_t now_us);

/* Something happened; FLUSHED ends a stall. ERROR_INVALID, with nothing changed, if the table has
 * no rule for it. */
MUST_CHECK enum error ws_life_observe(struct ws_life_state *state, enum ws_life_event event,
                                      int64_t now_us);

/* Output is left over that the kernel did not take; FLUSHED ends it. Only the first call counts as
 * a movement: bytes that the kernel does take are reported as MOVED. */
void ws_life_stall(struct ws_life_state *state, int64_t now_us);

/* When TIMED_OUT is due; NEVER_US if nothing limits this life. */
int64_t ws_life_deadline(const struct ws_life_state *state,
                         const struct ws_life_settings *settings);

const char *ws_life_text(enum ws_life life);
const char *ws_life_event_text(enum ws_life_event event);

#endif
