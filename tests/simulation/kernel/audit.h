/* audit - watches every system call of the manager and compares it with the invariants.
 *
 * The auditor believes the simulated kernel alone; the manager's own books are read only to be
 * compared. The first violation ends the program. */
#ifndef TOAD_TESTS_KERNEL_AUDIT_H
#define TOAD_TESTS_KERNEL_AUDIT_H

#include "dossier.h"
#include "kernel.h"
#include "manager/manager_process.h"

#include <stdbool.h>
#include <stdint.h>

/* How the manager was told to end. */
enum order {
    ORDER_NONE,
    ORDER_GRACEFUL,
    ORDER_NOW
};

struct audit {
    enum order order;
    bool is_announced;
    bool has_failed_start;
    bool was_kept; /* before this event */
    bool is_quiet;
    uint32_t wanted;
    uint32_t failures;           /* of forks and workers */
    uint32_t taken[SIGNALS_END]; /* signals that were read and not yet acted upon */
    uint32_t untold_births;      /* forks that the policy was not told of */
    uint32_t untold_failures;
    uint32_t untold_deployments; /* that failed */
    uint32_t untold_end_count;   /* reaped children that it was not told of */
    int32_t untold_ends[PIDS_MAX];
    bool is_told_end_failed;       /* the child of the last EXITED never was ready, uncalled for */
    enum manager_event_kind event; /* that the manager acts upon */
    uint32_t retired;              /* workers, because of this event */
    int64_t decided_us;            /* the manager's time when it decided about it */
    int64_t sampled_us;            /* what its clock said last */
    int64_t pass_us;               /* when its last wait ended */
    int64_t pass_sampled_us;       /* the first thing that its clock said then */
    int64_t previous_pass_sampled_us;
    bool has_sampled_pass;
    uint32_t signals;     /* read in this pass */
    bool has_acted;       /* in this pass */
    bool was_woken;       /* there was a reason for this pass */
    bool is_late;         /* this pass was not prompt */
    bool was_late_before; /* nor was the one before it */
    uint32_t idle_passes; /* in this second */
    int64_t idle_second;
    int64_t drained_us;     /* when it found the pipe empty */
    int64_t ran_us;         /* the pass is counted up to here */
    int64_t busy_us;        /* the manager in this pass: it ran, or could not run */
    int64_t late_us;        /* the same, over passes without a prompt one between them */
    int64_t forgiven_us;    /* it must have forgiven all silence */
    int64_t forgiven_by_us; /* it may have */
    int64_t credit;         /* for forks, in thousandths */
    int64_t credit_us;
    bool has_failed_file;    /* the PID file could not be put in place, in this pass */
    int64_t file_refused_us; /* the end of the last such pass */
    int64_t file_missing_us; /* the PID file could be there since; NEVER_US: it is */
};

/* A pass in which the manager was not held up for longer. */
#define PROMPT_US (5 * MILLISECOND_US)

extern struct audit audit;

__attribute__((format(printf, 2, 3), noreturn)) void audit_fail(const char *invariant,
                                                                const char *format, ...);

/* The only violation that is no failure of this program. */
void audit_expect(const char *invariant);

void audit_begin(void);

/* The manager's loop. */
void audit_wait(const struct manager_process *process);
void audit_poll(int timeout_ms);
void audit_wake(bool was_woken, int64_t woken_us);
void audit_clock(int64_t sampled_us);
void audit_before_decision(const struct manager *manager, const struct manager_event *event,
                           int64_t now_us);
void audit_after_decision(const struct manager *manager, enum error error,
                          enum manager_phase before);
void audit_announced(void);
/* manager_run() has returned. */
void audit_over(int status);
void audit_refused(void);

/* Its signals and children. */
void audit_signal(int number);
void audit_fork(void);
void audit_forked(struct process *process);
void audit_fork_failed(void);
void audit_kill(int32_t pid, int number);
void audit_deployment_refused(void);
void audit_reaped(struct process *process);
void audit_heard(void);
void audit_drained(void);

/* Its files. */
void audit_link(const char *to);
void audit_rename(const char *to);
void audit_file_refused(void);
void audit_unlink(const char *path);
void audit_file_pass(void);
void audit_file_over(void);
bool audit_has_right_file(void);

/* It does something that nothing but a reason explains. */
void audit_act(const char *what);

bool audit_is_kept(void);
/* As many workers serve as are wanted, and nothing is left to be done. */
bool audit_is_settled(void);

/* Shared by the auditors. */
uint32_t audit_count_workers(void);
uint32_t audit_count_serving(void);
uint32_t audit_count_heard(void); /* of those that serve */
bool audit_has_late_starter(void);
void audit_earn_credit(uint32_t forks);
void audit_workers_pass(const struct roster *roster);
void audit_workers_order(void);
int64_t audit_workers_deadline_us(void);

#endif
