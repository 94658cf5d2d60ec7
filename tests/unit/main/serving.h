/* serving - a whole server in the foreground, in a process of its own: what server_run() does. */
#ifndef TOAD_TESTS_MAIN_SERVING_H
#define TOAD_TESTS_MAIN_SERVING_H

#include "kit/descriptors.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct serving {
    struct descriptors before;
    struct descriptors after;
    bool has_returned;
};

extern struct serving *serving;

/* To be a suite's .init and .fini. */
void serving_open(void);
void serving_close(void);

/* Starts it with this configuration, in which `@` stands for the folder. */
pid_t serving_start(const char *config);

/* In its process before it starts, if it is set. */
extern void (*serving_prologue)(void);

/* Starts it and waits until it has announced itself. */
pid_t serving_start_ready(const char *config);

/* Waits for its end, looks whether it left anything open, and gives the exit status. */
int serving_end(pid_t pid);

/* A start that must fail; the test fails if it does not, or if the reason is not printed. */
void serving_expect_failure(const char *config, const char *reason);

/* The port that it has announced. */
uint16_t serving_port(void);

#endif
