/* managed - a manager in a process of its own, with puppets for workers. */
#ifndef TOAD_TESTS_MANAGER_MANAGED_H
#define TOAD_TESTS_MANAGER_MANAGED_H

#include "base/problem.h"
#include "kit/descriptors.h"
#include "manager/manager_loop.h"
#include "heir.h"
#include "puppet.h"

#include <stdbool.h>
#include <sys/types.h>

/* The manager's side of it, in memory that it shares with the test. */
#define MANAGED_APPLICATION "app.so"

struct managed {
    unsigned announcements;
    unsigned reopenings;
    unsigned retirements;
    bool had_pid_file; /* with its own number in it, at the first announcement */
    unsigned ready;    /* puppets that had beaten by then */
    struct descriptors before;
    struct descriptors after;
    /* How manager_run() returned. */
    bool has_returned;
    bool has_children;     /* it left some */
    bool is_retired_early; /* before its first announcement */
    enum error error;
    int status;
    struct problem problem;
};

extern struct managed *managed;
extern pid_t manager;

/* To be a suite's .init and .fini: a folder, a stage, and nothing left of them. */
void managed_open(void);
void managed_close(void);
/* As if the folder and the stage were new. */
void managed_begin_anew(void);

/* Two workers that beat often and have a long time for everything. */
struct manager_settings managed_settings(void);

/* Starts the manager; its PID file, log and standard error are the files `pid`, `log` and `errors`
 * of the folder. */
void managed_start(struct manager_settings settings);
/* With a trace in the file `trace`, and debugging. */
void managed_start_observed(struct manager_settings settings);
/* Run in the manager's process, if they are set: before manager_run(), and when it announces. */
extern void (*managed_prologue)(void);
extern void (*managed_on_announcement)(void);
/* Its herald; NULL unless a test sets it. */
extern int (*managed_run_herald)(void *context, bool is_quiet);

/* As a new generation, which is to take over from this manager. */
void managed_start_as_heir(struct manager_settings settings, int32_t predecessor, int channel);

/* Starts it and waits for its announcement. */
void managed_serve(struct manager_settings settings);

void managed_send(int number);

/* It may leave its successor behind. */
extern bool managed_has_heir;

/* Waits for its end, looks whether everything was left in order, and gives the exit status. */
int managed_end(void);

/* The same after a signal. */
int managed_end_by(int number);

/* Wait until it is so; each fails the test if it never is. */
void managed_await_announcement(void);
void managed_await_puppets(unsigned count);
void managed_await_beats(unsigned number, unsigned beats);
void managed_await_log(const char *part);
/* The process of this puppet is gone. */
void managed_await_end_of(unsigned number);

#endif
