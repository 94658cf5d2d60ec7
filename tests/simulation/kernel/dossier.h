/* dossier - what the auditor knows of one worker: what it said, and what the manager did to it.
 *
 * The manager's own clock decides when it acts, and is read a little after the fact: `x_us` is a
 * time before which the manager cannot put x, `x_by_us` one behind which it cannot (NEVER_US while
 * the pass in which x happened lasts). */
#ifndef TOAD_TESTS_KERNEL_DOSSIER_H
#define TOAD_TESTS_KERNEL_DOSSIER_H

#include "policy/worker_life.h"

#include <stdbool.h>
#include <stdint.h>

struct dossier {
    int64_t written_us; /* its last heartbeat went into the pipe; or its fork */
    int64_t chain_us;   /* since when no heartbeat of it was too late */
    bool is_heard;      /* a heartbeat was read */
    bool has_farewell;  /* its farewell was read */
    bool was_proven;    /* has served for PROVEN_AFTER_US */
    enum worker_signal sent;
    int64_t ready_us;
    int64_t heard_us;
    int64_t heard_by_us;
    int64_t leaving_us;
    int64_t leaving_by_us;
    int64_t stopped_us; /* TERM */
    int64_t stopped_by_us;
};

void dossier_begin(struct dossier *dossier);

/* It wrote a heartbeat to the pipe. */
void dossier_note_beat(struct dossier *dossier);

/* The manager read a heartbeat of it. */
void dossier_note_heard(struct dossier *dossier, bool is_leaving);

/* The manager sent it QUIT, TERM or KILL, and decided so at this time. */
void dossier_note_signal(struct dossier *dossier, enum worker_signal signal, int64_t decided_us);

/* A pass has ended: what happened in it did so by now. */
void dossier_end_pass(struct dossier *dossier);

/* True once in its life: it has served for PROVEN_AFTER_US. */
bool dossier_prove(struct dossier *dossier);

bool dossier_is_serving(const struct dossier *dossier);

/* As the manager should have it in its roster. */
enum worker_life dossier_life(const struct dossier *dossier);

/* When the manager has to do something about this worker at the latest; `forgiven_by_us`: when it
 * may have forgiven all workers their silence. NEVER_US if nothing has to be done. */
int64_t dossier_deadline_us(const struct dossier *dossier, int64_t forgiven_by_us);

#endif
