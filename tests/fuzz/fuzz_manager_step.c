/* A stream of events to the policy of the manager, right and wrong ones, against the invariants of
 * tests/simulation/invariants.def: an observer with books of his own judges each step, and from
 * where the stream ends a kind world must heal the pool and a stop must end it (promises MGR-1 to
 * MGR-15, HBT-2 to HBT-4, UPG-2, UPG-4).
 *
 * Eight bytes choose the settings; then each event is an order, two numbers, and for a chunk of the
 * pipe as many bytes as the first of them says. */
#include "../simulation/liveness.h"
#include "../simulation/trace.h"

#include "must.h"

#include <stdio.h>

enum {
    STREAM_MAX = 4096,
    SETTINGS_SIZE = 8,
    WANTED_MAX = 6,
    ROWS_MAX = 12,
    TENTH_US = 100000,
    LIVENESS_MAX = 4 /* times in one stream; each plays hundreds of events */
};

enum order {
    ORDER_PASS = MOVE_KINDS, /* tenths of a second */
    ORDER_PASS_TO_WAKE,      /* and so many microseconds more */
    ORDER_EVENT,             /* any, allowed or not */
    ORDER_CHUNK,             /* bytes of the pipe */
    ORDER_ENDS,              /* looks whether all can still end well */
    ORDERS
};

static struct world world;
static struct world before;
static struct moves_bounds bounds;

static void demand(enum invariant broken)
{
    if (broken == INVARIANT_NONE)
        return;
    (void)fprintf(stderr, "%s: %s\n", invariant_number(broken), invariant_text(broken));
    abort();
}

static unsigned take(struct bytes *rest)
{
    if (rest->size == 0)
        return 0;
    unsigned byte = (unsigned char)rest->data[0];
    *rest = bytes_from(*rest, 1);
    return byte;
}

static void begin(struct bytes *rest)
{
    struct manager_settings settings = {
        .workers = 1 + take(rest) % WANTED_MAX,
        .spare = take(rest) % 3,
        .heartbeat_interval_us = (int64_t)(10 + take(rest) % 50) * TENTH_US,
        .heartbeat_timeout_us = (int64_t)(take(rest) % 50) * TENTH_US,
        .graceful_timeout_us = (int64_t)(1 + take(rest) % 100) * TENTH_US,
        .upgrade_timeout_us = (int64_t)(1 + take(rest) % 100) * TENTH_US,
    };
    unsigned way = take(rest);
    (void)take(rest);
    bounds = (struct moves_bounds){.wanted = WANTED_MAX,
                                   .tears_across = true,
                                   .deploys = (way & 1) != 0,
                                   .follows = (way & 2) != 0};
    world_init(&world, &settings);
}

/* Tells the way from here to the violation as a trace. */
static void demand_liveness(void)
{
    if (liveness_judge(&world, NULL) == INVARIANT_NONE)
        return;
    const struct script_listener listener = trace_listener(stderr);
    demand(liveness_judge(&world, &listener));
}

static void feed(const struct manager_event *event)
{
    world_copy(&before, &world);
    demand(judge_step(&world, &before, event));
}

static void move(enum move_kind kind, unsigned row, unsigned variant)
{
    int32_t pids[WITNESSES_MAX];
    struct script script;
    uint32_t rows = move_rows(kind, world.count);
    /* It leads from before the manager's deadline to behind it. */
    if (rows == 0 || (kind == MOVE_LATE && world.manager.wake_us < world.now_us))
        return;
    for (uint32_t i = 0; i < world.count; i++)
        pids[i] = world.witnesses[i].pid;
    struct move chosen = {kind, row % rows, variant % move_variants(kind)};
    if (move_write(&world, pids, chosen, &bounds, &script))
        demand(script_play(&world, &script, NULL));
}

/* Somebody's, or nobody's. */
static int32_t choose_pid(unsigned number)
{
    static const int32_t others[] = {0, 1, -1, 2, 999, INT32_MAX, INT32_MIN, OLD_PID};
    if (number < 64 && number < world.count)
        return world.witnesses[number].pid;
    if (number == 64)
        return NEW_PID;
    return number < 128 ? 101 + (int32_t)number % ROWS_MAX : others[number % 8];
}

/* The observer knows new processes by numbers that nobody else has. */
static bool is_well_named(const struct manager_event *event)
{
    if (event->kind == MANAGER_EVENT_UPGRADE_SPAWNED)
        return event->pid == NEW_PID;
    if (event->kind == MANAGER_EVENT_SPAWNED)
        return event->pid <= 1 || (event->pid > 100 && event->pid <= 100 + ROWS_MAX);
    if (event->kind == MANAGER_EVENT_START)
        return event->pid == 0 || event->pid == OLD_PID;
    return true;
}

static void feed_any(unsigned number, unsigned detail, unsigned pid)
{
    struct manager_event event = {
        .kind = (enum manager_event_kind)(number % (MANAGER_EVENT_PREDECESSOR_GONE + 1)),
        .pid = choose_pid(pid),
        .is_leaving = (detail & 1) != 0,
        .exit_status = (detail & 2) != 0 ? -1 : (int32_t)(detail >> 2),
        .exit_signal = (detail & 2) != 0 ? (int32_t)(detail >> 2) : 0,
        .dice = (uint32_t)detail * UINT32_C(16843009)};
    bool grows = event.kind == MANAGER_EVENT_ONE_MORE && world.wanted >= WANTED_MAX;
    if (!grows && is_well_named(&event))
        feed(&event);
}

static void feed_chunk(struct bytes *rest, size_t size)
{
    struct bytes chunk = bytes_first(*rest, size);
    *rest = bytes_from(*rest, chunk.size);
    char *memory = malloc(chunk.size + 1);
    MUST(memory != NULL);
    for (size_t i = 0; i < chunk.size; i++)
        memory[i] = chunk.data[i];
    struct manager_event event = {.kind = MANAGER_EVENT_PIPE, .chunk = {memory, chunk.size}};
    feed(&event);
    free(memory);
}

static void pass_to_wake(unsigned more_us)
{
    int64_t wake_us = world.manager.wake_us;
    if (wake_us != NEVER_US && wake_us > world.now_us)
        world.now_us = wake_us;
    world.now_us += more_us;
}

static void obey(struct bytes *rest, unsigned *looks)
{
    unsigned order = take(rest) % ORDERS;
    unsigned first = take(rest);
    unsigned second = take(rest);
    switch (order) {
    case ORDER_PASS:
        world.now_us += (int64_t)(first + (second & 1) * 256) * TENTH_US;
        break;
    case ORDER_PASS_TO_WAKE:
        pass_to_wake(first);
        break;
    case ORDER_EVENT:
        feed_any(first, second, take(rest));
        break;
    case ORDER_CHUNK:
        feed_chunk(rest, first);
        break;
    case ORDER_ENDS:
        if ((*looks)++ < LIVENESS_MAX)
            demand_liveness();
        break;
    default:
        move((enum move_kind)order, first, second);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = {(const char *)data, size};
    unsigned looks = 0;
    if (size < SETTINGS_SIZE || size > STREAM_MAX)
        return 0;
    begin(&rest);
    while (rest.size > 0)
        obey(&rest, &looks);
    demand_liveness();
    return 0;
}
