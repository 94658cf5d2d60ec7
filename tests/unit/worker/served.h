/* served - a worker in a process of its own, with an application that does what paths tell it. */
#ifndef TOAD_TESTS_WORKER_SERVED_H
#define TOAD_TESTS_WORKER_SERVED_H

#include "kit/descriptors.h"
#include "worker/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The worker's side of it, in memory that it shares with the test. */
struct served {
    struct descriptors before;
    struct descriptors after;
    bool has_returned;
    /* What became of the application. */
    unsigned starts;
    unsigned drains;
    unsigned stops;
    unsigned aborts;
    unsigned bodies;
    unsigned destroyed;  /* data of requests */
    unsigned due;        /* timers that called back */
    unsigned keeping;    /* requests that /keep holds now */
    unsigned blocking;   /* /block was reached */
    unsigned begun;      /* answers in parts */
    unsigned parts;      /* of bodies that were handed over */
    unsigned ends;       /* of such bodies */
    unsigned shorts;     /* writes that took less than they were given */
    unsigned writables;  /* calls that said that there is room again */
    size_t taken;        /* bytes of parts, of bodies or of answers */
    unsigned opened;     /* WebSockets */
    unsigned closed;     /* of them */
    unsigned close_code; /* of the last one */
    unsigned warned;     /* of them, that the worker leaves */
    /* What the test tells it. */
    int start_outcome;
    bool must_answer; /* what /keep holds */
    bool must_go_on;  /* /block */
};

extern struct served *served;
extern pid_t worker;
extern uint16_t served_port;
/* What the worker writes its heartbeats to is read here; non-blocking. */
extern int heartbeats_fd;

/* To be a suite's .init and .fini: a folder, a listener, nothing left of them. */
void served_open(void);
void served_close(void);
/* As if the folder and the memory were new. */
void served_begin_anew(void);

/* Long times for everything, one listener on the loopback interface, the files `log` and `lock`. */
struct worker_settings served_settings(void);

void served_start(const struct worker_settings *settings);
/* Run in the worker's process before worker_run(), if it is set. */
extern void (*served_prologue)(void);

/* A worker that starts while this is set finds the gate shut. */
extern bool served_is_shut_out;
/* One that starts while this is set is given none. */
extern bool served_has_no_gate;
/* The worker's end of it. */
int served_gate_fd(void);
/* There is something to be read from it. */
void served_open_gate(void);
/* The gate ends. */
void served_let_in(void);

/* Looks for leaks take time: a test that has many workers may do without some. */
extern bool served_skips_leaks;

void served_send(int number);
/* The manager is gone. */
void served_orphan(void);

/* Waits for its end, looks whether everything was left in order, and gives the exit status. */
int served_end(void);
/* The same after QUIT. */
int served_end_by_quit(void);
/* The same, as it should be; what a test expects later than that is not counted. */
void served_expect_good_end(void);

/* Wait until it is so; each fails the test if it never is. */
void served_await_log(const char *part);
void served_await(const unsigned *counter, unsigned value);

/* The lines of the log that hold this part. */
unsigned served_count_log(const char *part);

/* What heartbeats have been written since the last call: all their lines. */
const char *served_heartbeats(void);

/* The time that the worker has computed for, in microseconds. */
int64_t served_cpu_us(void);

#endif
