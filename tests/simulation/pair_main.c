/* Walks all states of two managers during hot deployments (promises UPG-2, UPG-4 to UPG-6, PID-2)
 * and checks what must hold of both together. */
#include "pair.h"
#include "state_set.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] = "Usage: pair_explorer [OPTIONS]\n"
                            "  --states N     stop after so many states (4000000)\n"
                            "  --trace FILE   write the way to the violation, or to the last "
                            "state, as the traces FILE.old\n"
                            "                 and FILE.new\n"
                            "  --expect NAME  succeed only if this invariant is violated\n";

enum exit_code {
    EXIT_CODE_CLEAN = 0,
    EXIT_CODE_BROKEN = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_SELF = 3 /* the explorer itself is wrong */
};

enum {
    WAY_MAX = 4096,
    FAILURES_MAX = 2,
    SETTLE_STRIDE = 8 /* every so many states are also led to their end */
};

struct walk {
    struct manager_settings settings;
    struct state_set set;
    uint32_t next; /* the first state whose moves have not been tried */
    uint64_t transitions;
    enum invariant broken;
    struct pair_move broken_move;
    bool broke_later; /* not by the move, but on the way to the end */
};

static uint32_t pack_move(struct pair_move move)
{
    return (uint32_t)move.kind | (uint32_t)move.side << 8 | move.row << 16;
}

static struct pair_move unpack_move(uint32_t packed)
{
    return (struct pair_move){(enum pair_move_kind)(packed & 0xff), (enum side)(packed >> 8 & 0xff),
                              packed >> 16};
}

/* Failures after failures are for the explorer of one manager. */
static bool is_beyond(const struct pair *pair)
{
    return pair->managers[SIDE_OLD].backoff.failures > FAILURES_MAX ||
           pair->managers[SIDE_NEW].backoff.failures > FAILURES_MAX;
}

static void try_move(struct walk *walk, const struct pair *base, struct pair_move move)
{
    static struct pair pair;
    struct state state;
    pair_copy(&pair, base);
    if (walk->broken != INVARIANT_NONE || !pair_play(&pair, move))
        return;
    walk->transitions++;
    walk->broken = pair_judge(&pair);
    walk->broken_move = move;
    if (walk->broken != INVARIANT_NONE || is_beyond(&pair) || state_set_is_full(&walk->set))
        return;
    pair_pack(&pair, &state);
    (void)state_set_add(&walk->set, &state, (struct state_origin){walk->next, pack_move(move)});
}

static void try_moves(struct walk *walk, const struct pair *base)
{
    for (int kind = 0; kind < PAIR_MOVE_KINDS; kind++) {
        bool has_sides = kind >= PAIR_MOVE_OUTSIDE_QUIT && kind != PAIR_MOVE_PASS;
        bool has_rows = kind == PAIR_MOVE_WORKER_BEATS || kind == PAIR_MOVE_WORKER_ENDS;
        for (int side = 0; side <= (has_sides ? 1 : 0); side++)
            for (uint32_t row = 0; row < (has_rows ? PAIR_ROWS_MAX : 1); row++)
                try_move(walk, base,
                         (struct pair_move){(enum pair_move_kind)kind, (enum side)side, row});
    }
}

static void run(struct walk *walk)
{
    static struct pair base;
    struct state state;
    pair_init(&base, &walk->settings);
    pair_pack(&base, &state);
    (void)state_set_add(&walk->set, &state, (struct state_origin){0, 0});
    for (; walk->next < walk->set.count; walk->next++) {
        pair_unpack(&walk->set.states[walk->next], &walk->settings, &base);
        if (pair_is_over(&base))
            continue;
        try_moves(walk, &base);
        if (walk->broken == INVARIANT_NONE && walk->next % SETTLE_STRIDE == 0) {
            walk->broken = pair_settle(&base);
            walk->broke_later = walk->broken != INVARIANT_NONE;
        }
        if (walk->broken != INVARIANT_NONE || state_set_is_full(&walk->set))
            return;
    }
}

static bool play_aloud(struct pair *pair, struct pair_move move)
{
    bool has_sides = move.kind >= PAIR_MOVE_OUTSIDE_QUIT && move.kind != PAIR_MOVE_PASS;
    (void)printf("  %5.0f s  %s%s\n", (double)pair->now_us / (double)SECOND_US,
                 !has_sides              ? ""
                 : move.side == SIDE_OLD ? "old: "
                                         : "new: ",
                 pair_move_text(move.kind));
    return pair_play(pair, move);
}

/* The way to a state, and the move that breaks something there. */
static bool replay(const struct walk *walk, FILE *files[2])
{
    static struct pair pair;
    static uint32_t way[WAY_MAX];
    uint32_t length = 0;
    bool is_broken = walk->broken != INVARIANT_NONE;
    struct state state;
    uint32_t last = is_broken ? walk->next : walk->set.count - 1;
    for (; last != 0 && length < WAY_MAX; last = walk->set.origins[last].parent)
        way[length++] = last;
    memcpy(pair.traces, files, sizeof pair.traces);
    pair_init(&pair, &walk->settings);
    for (; length > 0; length--) {
        uint32_t number = way[length - 1];
        struct pair_move move = unpack_move(walk->set.origins[number].move);
        if (move.kind == PAIR_MOVE_LOADED && files[SIDE_NEW] != NULL)
            files[SIDE_NEW] = pair.traces[SIDE_NEW] =
                freopen(NULL, "w", files[SIDE_NEW]); /* of the last generation alone */
        if (!play_aloud(&pair, move))
            return false;
        pair_pack(&pair, &state);
        if (memcmp(&state, &walk->set.states[number], sizeof state) != 0)
            return false;
    }
    if (!is_broken)
        return true;
    if (walk->broke_later)
        return pair_settle(&pair) == walk->broken;
    return play_aloud(&pair, walk->broken_move) && pair_judge(&pair) == walk->broken;
}

static bool print_way(const struct walk *walk, const char *path)
{
    FILE *files[2] = {NULL, NULL};
    char name[1024];
    for (int side = 0; path != NULL && side < 2; side++) {
        (void)snprintf(name, sizeof name, "%s.%s", path, side == SIDE_OLD ? "old" : "new");
        files[side] = fopen(name, "w");
        if (files[side] == NULL)
            perror(name);
    }
    bool is_right = replay(walk, files);
    if (!is_right)
        (void)fprintf(stderr, "pair_explorer: the way cannot be walked again\n");
    for (int side = 0; side < 2; side++)
        is_right = (files[side] == NULL || fclose(files[side]) == 0) && is_right;
    return is_right;
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct choices {
    uint32_t states;
    const char *trace;
    const char *expect;
};

static bool choose(int count, char **arguments, struct choices *choices)
{
    static const struct option options[] = {{"states", required_argument, NULL, 's'},
                                            {"trace", required_argument, NULL, 'T'},
                                            {"expect", required_argument, NULL, 'e'},
                                            {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        if (option == 's')
            choices->states = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'T')
            choices->trace = optarg;
        else if (option == 'e')
            choices->expect = optarg;
        else
            return false;
    }
    return optind == count && choices->states > 0 && choices->states <= 1u << 30 &&
           (choices->expect == NULL || invariant_find(choices->expect) != INVARIANT_NONE);
}

static enum exit_code report(const struct walk *walk, const struct choices *choices, double seconds)
{
    bool is_broken = walk->broken != INVARIANT_NONE;
    (void)printf("pair_explorer: %u states, %ju transitions, %.1f s, %s\n", walk->set.count,
                 (uintmax_t)walk->transitions, seconds,
                 is_broken                       ? "broken"
                 : walk->next == walk->set.count ? "complete"
                                                 : "stopped at the bound");
    if (is_broken)
        (void)printf("violated: %s, %s%s\n", invariant_number(walk->broken),
                     invariant_text(walk->broken),
                     walk->broke_later ? " (on the way to the end)" : "");
    if ((is_broken || choices->trace != NULL) && !print_way(walk, choices->trace))
        return EXIT_CODE_SELF;
    if (choices->expect != NULL)
        return walk->broken == invariant_find(choices->expect) ? EXIT_CODE_CLEAN : EXIT_CODE_BROKEN;
    return is_broken ? EXIT_CODE_BROKEN : EXIT_CODE_CLEAN;
}

int main(int count, char **arguments)
{
    static struct walk walk = {.settings = {.workers = 1,
                                            .spare = 1,
                                            .heartbeat_interval_us = QUANTUM_US,
                                            .heartbeat_timeout_us = QUANTUM_US,
                                            .graceful_timeout_us = QUANTUM_US,
                                            .upgrade_timeout_us = 2 * QUANTUM_US}};
    struct choices choices = {.states = 4000000};
    if (!choose(count, arguments, &choices))
        return fputs(usage, stderr) == EOF ? EXIT_CODE_SELF : EXIT_CODE_USAGE;
    if (!state_set_open(&walk.set, choices.states)) {
        (void)fputs("pair_explorer: no memory for so many states\n", stderr);
        return EXIT_CODE_SELF;
    }
    double start = seconds_now();
    run(&walk);
    enum exit_code code = report(&walk, &choices, seconds_now() - start);
    state_set_close(&walk.set);
    return (int)code;
}
