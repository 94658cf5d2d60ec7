/* moves - all that can happen to a manager and its workers next.
 *
 * A move is a choice of the world around the manager; it becomes one or a few events, with time
 * passing before them. */
#ifndef TOAD_TESTS_SIMULATION_MOVES_H
#define TOAD_TESTS_SIMULATION_MOVES_H

#include "judge.h"
#include "state.h"

enum move_kind {
    MOVE_START,
    MOVE_SPAWNED,
    MOVE_SPAWN_FAILED,
    MOVE_BEAT,     /* row; 0: as an event, 1: through the pipe among strangers, 2: torn */
    MOVE_FAREWELL, /* the same */
    MOVE_EXIT,     /* row; 0: status, 1: signal */
    MOVE_STOP_NOW,
    MOVE_STOP_GRACEFULLY,
    MOVE_ONE_MORE,
    MOVE_ONE_LESS, /* row: whom chance chooses; the row behind the last: nobody serves */
    MOVE_UPGRADE,
    MOVE_REOPEN_LOGS,
    MOVE_HELD_UP,
    MOVE_PID_FILE_LOST,
    MOVE_TICK,
    MOVE_PASS,       /* a quantum passes */
    MOVE_LATE,       /* row: quanta behind the deadline; 0: silent, 1: all beat first, 2: HELD_UP */
    MOVE_TORN_BEGIN, /* 0: the beginning of a line, 1: garbage without an end */
    MOVE_TORN_END,   /* row; 0: a beat, 1: a farewell; the row behind the last: a line end */
    MOVE_STRANGER,   /* 0 to 3: what nobody said or did */
    MOVE_REFUSED,    /* 0 to 7: what no shell may report */
    MOVE_UPGRADE_SPAWNED,
    MOVE_UPGRADE_FAILED,
    MOVE_UPGRADE_READY,
    MOVE_UPGRADE_EXIT, /* 0: status, 1: signal */
    MOVE_COMMITTED,
    MOVE_ABORTED,
    MOVE_PREDECESSOR_GONE,
    MOVE_KINDS
};

struct move {
    enum move_kind kind;
    uint32_t row;
    uint32_t variant;
};

struct moves_bounds {
    uint32_t wanted;   /* no TTIN beyond */
    bool tears_across; /* other events may come while a line of the pipe is torn */
    bool deploys;      /* USR2 may come */
    bool follows;      /* the manager has a predecessor */
};

enum {
    SCRIPT_STEPS_MAX = 3
};

struct script_step {
    int64_t pass_us; /* before the event */
    bool has_event;
    struct manager_event event; /* its chunk points into `text` */
    char text[96];
};

struct script {
    uint32_t count;
    struct script_step steps[SCRIPT_STEPS_MAX];
};

/* How many rows and variants a kind has for a state with so many rows. */
uint32_t move_rows(enum move_kind kind, uint32_t rows);
uint32_t move_variants(enum move_kind kind);

uint32_t move_pack(struct move move);
struct move move_unpack(uint32_t packed);

/* False if the move cannot happen in this world. `pids[i]` stands in row i of its state. */
bool move_write(const struct world *world, const int32_t *pids, struct move move,
                const struct moves_bounds *bounds, struct script *ret_script);

/* Called before and after each event of a script. */
struct script_listener {
    void (*hear_event)(void *context, const struct world *world, const struct manager_event *event);
    void (*hear_actions)(void *context, const struct world *world);
    void *context;
};

/* Plays the script; `listener` may be a null pointer. */
enum invariant script_play(struct world *world, const struct script *script,
                           const struct script_listener *listener);

#endif
