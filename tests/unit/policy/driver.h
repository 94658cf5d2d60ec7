/* driver - one manager, led through time by a test.
 *
 * Times are seconds as a person writes them; the state is static: every test runs in a process of
 * its own. */
#ifndef TOAD_TESTS_POLICY_DRIVER_H
#define TOAD_TESTS_POLICY_DRIVER_H

#include "policy/manager.h"

#include <stdbool.h>
#include <stdint.h>

extern struct manager driven;
/* What the last event led to. */
extern struct manager_actions taken;

/* 5 s + 2 s, 30 s, and the given numbers of workers. */
struct manager_settings driver_settings(uint32_t workers, uint32_t spare);

int64_t driver_us(double seconds);

/* START at 0. */
void driver_start(struct manager_settings settings);
/* The same, to take over from manager 99. */
void driver_follow(struct manager_settings settings);
/* START at 0; all workers are spawned with the pids 101, 102, ... and beat at 0. */
void driver_run(struct manager_settings settings);

/* The same, to take over from manager 99; it asks to. */
void driver_ask(struct manager_settings settings);

/* Each fails the test if the event is refused. */
void driver_feed(int64_t now_us, struct manager_event event);
void driver_send(double seconds, enum manager_event_kind kind);
void driver_spawned(double seconds, int32_t pid);
void driver_beat(double seconds, int32_t pid);
void driver_farewell(double seconds, int32_t pid);
void driver_exit(double seconds, int32_t pid, int32_t status);
void driver_kill(double seconds, int32_t pid, int32_t signal);
void driver_one_less(double seconds, uint32_t dice);
void driver_upgrade_spawned(double seconds, int32_t pid);
/* True if the event is refused, with no action and nothing changed. */
bool driver_refuses(struct manager_event event);
void driver_pipe(double seconds, struct bytes chunk);

/* Of what the last event led to: */
uint32_t driver_count(enum manager_action_kind kind);
bool driver_signalled(int32_t pid, enum worker_signal signal);
bool driver_said(enum manager_note note);
/* The number of a note that was said. */
int64_t driver_number(enum manager_note note);
const struct manager_action *driver_action(enum manager_action_kind kind);

const struct roster_row *driver_row(int32_t pid);

#endif
