/* scenario - what one run of the simulation is about: settings and likelihoods, drawn by number.
 *
 * Pure. */
#ifndef TOAD_TESTS_KERNEL_SCENARIO_H
#define TOAD_TESTS_KERNEL_SCENARIO_H

#include "policy/manager.h"

#include <stdbool.h>
#include <stdint.h>

enum temper {
#define TEMPER(name, weight, text) TEMPER_##name,
#include "tempers.def"
#undef TEMPER
};

enum mishap {
#define MISHAP(name, weight, text) MISHAP_##name,
#include "mishaps.def"
#undef MISHAP
};

enum {
    TEMPER_COUNT = 0
#define TEMPER(name, weight, text) +1
#include "tempers.def"
#undef TEMPER
};

enum {
    MISHAP_COUNT = 0
#define MISHAP(name, weight, text) +1
#include "mishaps.def"
#undef MISHAP
};

/* What stands under the PID file's name before the manager starts. */
enum first_file {
    FIRST_FILE_NONE,
    FIRST_FILE_STALE,
    FIRST_FILE_HELD, /* by a server that lives */
};

/* How the simulated kernel treats the manager. */
struct habits {
    int64_t call_us;               /* that a system call takes at most */
    uint32_t preempts_per_million; /* calls in which the manager is held up */
    int64_t preempt_most_us;
    uint32_t lapses_per_mille;      /* hold-ups after a look at the pipe */
    uint32_t tears_per_mille;       /* reads of the pipe that give less than there is */
    uint32_t early_wakes_per_mille; /* waits that end without a reason */
    bool has_signal_order;          /* lowest number first, as Linux does; by chance if not */
};

struct scenario {
    uint64_t seed;
    uint64_t number;
    struct manager_settings settings;
    struct habits habits;
    enum first_file first_file;
    bool is_kind_start; /* nothing goes wrong before the manager is ready */
    bool has_early_end; /* signals that end the manager come at any time */
    int32_t pid_max;
    uint32_t strangers_most;
    uint32_t wanted_most; /* nobody asks for more workers than this */
    uint32_t mishaps;
    int64_t mishap_gap_us; /* between two of them at most */
    uint32_t temper_weights[TEMPER_COUNT];
    uint32_t mishap_weights[MISHAP_COUNT];
};

void scenario_draw(struct scenario *scenario, uint64_t seed, uint64_t number);

/* On standard output. */
void scenario_print(const struct scenario *scenario);

/* A worker that has not beaten for so long is silent. */
int64_t scenario_silence_us(const struct scenario *scenario);

#endif
