/* kernel - the simulated machine that the manager runs on.
 *
 * There is one, because the manager's system calls say nothing about which. Its time moves in two
 * ways alone: each system call takes some, and waiting takes as much as it takes. Whatever is due
 * meanwhile happens, so anything may happen between two calls of the manager. */
#ifndef TOAD_TESTS_KERNEL_KERNEL_H
#define TOAD_TESTS_KERNEL_KERNEL_H

#include "agenda.h"
#include "beat_pipe.h"
#include "chance.h"
#include "file_room.h"
#include "pid_table.h"
#include "scenario.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SIGNALS_END = 32
};

struct census {
#define CENSUS_ROW(name, text) uint64_t name;
#include "census.def"
#undef CENSUS_ROW
};

struct kernel {
    struct scenario scenario;
    struct chance chance;
    int64_t now_us;
    int64_t realtime_us; /* jumps about */
    uint64_t events;     /* in this scenario */
    uint32_t blocked;    /* signals of the manager, a bit each */
    uint32_t pending;
    int64_t pending_us[SIGNALS_END]; /* since when */
    bool is_kind;                    /* nobody new goes wrong */
    bool is_calm;                    /* and nothing else does */
    bool is_prompt;                  /* the manager is not held up any more */
    bool do_forks_fail;
    bool has_bad_start; /* something keeps the manager from starting */
    int64_t hold_us;    /* the next wait ends so much too late */
    int64_t held_up_to; /* the manager does not run before */
    struct agenda agenda;
    struct pid_table pids;
    struct beat_pipe pipe;
    struct file_room files;
    struct census census; /* over all scenarios */
};

extern struct kernel kernel;

#define CENSUS(name) (kernel.census.name++)

void kernel_boot(const struct scenario *scenario);

/* Everything that is due in this time happens. */
void kernel_pass(int64_t time_us);

/* The beginning of a system call of the manager. */
void kernel_enter(void);

/* The manager has just looked at something, which may change before it goes on. */
void kernel_lapse(void);

/* Waits until `is_over()` or the deadline; true if it is over. */
bool kernel_wait(bool (*is_over)(void), int64_t deadline_us);

/* The manager does not run for so long. */
void kernel_hold_up(int64_t time_us);

/* A signal for the manager. */
void kernel_raise(int number);

bool kernel_is_pending(int number);

/* The next of its signals that it may read, which is pending no longer; 0: none. */
int kernel_take_signal(void);

/* Notes what will happen in `delay_us`, to a process or (a null pointer) to nobody. */
void kernel_plan(int64_t delay_us, enum happening_kind kind, const struct process *process,
                 int32_t number);

/* For the history. */
void kernel_say(const char *what, int32_t pid, int64_t number);

#endif
