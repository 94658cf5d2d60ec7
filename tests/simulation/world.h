/* world - the manager, and what an observer who does not trust it knows about the same workers.
 *
 * The observer sees events and actions alone and keeps his own books (the witnesses); judge.h
 * compares. Times are the virtual time of the policy. */
#ifndef TOAD_TESTS_SIMULATION_WORLD_H
#define TOAD_TESTS_SIMULATION_WORLD_H

#include "policy/manager.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WITNESSES_MAX = 64,
    HEARD_LINE_MAX = 48
};

/* How far the manager is on its way out, for someone who sees signals alone. */
enum ending {
    ENDING_NONE,
    ENDING_GRACEFUL,
    ENDING_NOW,
    ENDING_OVER
};

struct witness {
    int32_t pid;
    bool is_serving;
    bool has_beaten;
    bool is_blameless;       /* was asked to leave though it was not silent */
    enum worker_signal sent; /* the strongest so far */
    int64_t ready_us;        /* its first heartbeat; NEVER_US before */
    int64_t expected_us;     /* heartbeats are expected from here on */
    int64_t leaving_us;      /* NEVER_US: it serves */
    int64_t stopped_us;      /* it got TERM; NEVER_US: not yet */
};

/* The new generation that the manager makes, as the observer sees it. */
enum deployment_stage {
    DEPLOYMENT_NONE,
    DEPLOYMENT_FORKING,
    DEPLOYMENT_ALIVE
};

struct deployment {
    enum deployment_stage stage;
    bool is_committed;
    bool is_aborted;
    enum worker_signal sent; /* the strongest so far */
    int64_t began_us;        /* ALIVE: its time runs from here on */
    int64_t stopped_us;      /* it got TERM */
};

enum {
    OLD_PID = 99, /* the predecessor of a manager that has one */
    NEW_PID = 301 /* every new generation that it makes */
};

struct world {
    struct manager manager;
    int64_t now_us;
    enum ending ending;
    bool is_started;
    bool has_pid_file; /* it is this manager's to keep */
    bool is_announced;
    bool has_predecessor; /* which has not agreed and is not gone */
    bool has_asked;
    struct deployment deployment;
    uint32_t wanted;
    uint32_t spawning;
    char line[HEARD_LINE_MAX]; /* of the pipe, unfinished */
    uint32_t line_size;
    uint32_t count;
    struct witness witnesses[WITNESSES_MAX];
    struct manager_actions actions; /* of the last event */
};

void world_init(struct world *world, const struct manager_settings *settings);

/* Copies what matters; the tables are much larger than what is used of them. */
void world_copy(struct world *to, const struct world *from);

struct witness *world_find(struct world *world, int32_t pid);
uint32_t world_count_serving(const struct world *world);

/* A pid of three digits that nobody has: 101, 102, ... */
int32_t world_free_pid(const struct world *world);

/* Whether a shell that keeps the rules can report this now. */
bool world_allows(const struct world *world, const struct manager_event *event);

/* Takes the event into the observer's books. `wake_us`: when the manager wanted to be woken. */
void world_observe(struct world *world, const struct manager_event *event, int64_t wake_us);

/* When the observer expects something to happen to this worker; NEVER_US if nothing. */
int64_t world_deadline_us(const struct world *world, const struct witness *witness);

/* When the observer expects the deployment to be given up or killed; NEVER_US if not. */
int64_t world_deployment_deadline_us(const struct world *world);

/* A TICK now finds a manager that was held up longer than a heartbeat interval. */
bool world_is_late(const struct world *world, int64_t wake_us);

#endif
