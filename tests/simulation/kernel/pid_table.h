/* pid_table - every process of the simulated machine: its number, its signals, its end.
 *
 * Numbers are given out in a circle, as Linux does, from a space so small that they come back. A
 * child that has ended is a zombie until it is reaped; signals coalesce while they are pending. */
#ifndef TOAD_TESTS_KERNEL_PID_TABLE_H
#define TOAD_TESTS_KERNEL_PID_TABLE_H

#include "dossier.h"
#include "puppet.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FIRST_PID = 10, /* below live the processes of the system */
    MANAGER_PID = 12,
    PIDS_MAX = 512,
    NO_PID = 0
};

enum process_state {
    PROCESS_NONE,
    PROCESS_ALIVE,
    PROCESS_ZOMBIE
};

enum process_kind {
    PROCESS_STRANGER, /* no child of the manager */
    PROCESS_ADOPTED,  /* a child that the manager never started */
    PROCESS_WORKER
};

struct process {
    int32_t pid;
    enum process_state state;
    enum process_kind kind;
    uint32_t life;    /* tells one owner of the number from the next */
    uint32_t pending; /* signals, a bit each */
    bool is_stopped;
    int wait_status;
    int64_t ended_us;
    struct puppet puppet;   /* a worker's */
    struct dossier dossier; /* what the auditor knows of a worker */
};

struct pid_table {
    int32_t pid_max;
    int32_t last_pid;
    uint32_t strangers;
    uint32_t zombies;
    uint32_t child_count; /* of the manager, zombies too, in no order */
    int32_t children[PIDS_MAX];
    struct process list[PIDS_MAX];
};

void pids_init(struct pid_table *pids, int32_t pid_max);

/* A new process; a null pointer if no number is left. */
struct process *pids_begin(enum process_kind kind);

/* It exits with `status`, or `signal` ends it if that is not 0. Nothing if it has ended. */
void pids_end(struct process *process, int status, int signal);

/* A child of the manager that has ended; a null pointer if there is none. */
struct process *pids_some_zombie(void);

/* The zombie is one no longer. Returns what waitpid() says of its end. */
int pids_reap(struct process *zombie);

/* A signal from anybody. */
void pids_signal(struct process *process, int number);

/* Stops or continues it at once. */
void pids_stop(struct process *process);
void pids_continue(struct process *process);

struct process *pids_find(int32_t pid);

/* Some worker that lives; a null pointer if there is none. */
struct process *pids_some_worker(void);

/* Whether this happens to a process that is gone. */
bool pids_is_past(int32_t pid, uint32_t life);

#endif
