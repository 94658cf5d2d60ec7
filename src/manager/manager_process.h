/* manager_process - what the manager's loop, eyes and hands share. Private to the room. */
#ifndef TOAD_MANAGER_MANAGER_PROCESS_H
#define TOAD_MANAGER_MANAGER_PROCESS_H

#include "manager/askers.h"
#include "manager/herald_keeper.h"
#include "manager/manager_loop.h"
#include "manager/recorder.h"
#include "manager/successor.h"
#include "policy/manager.h"
#include "sys/pid_file.h"

#include <stdbool.h>

struct manager_process {
    const struct manager_job *job; /* borrowed */
    struct manager manager;
    struct manager_actions actions;
    /* What came of the actions that were just performed, SPAWN above all; not yet told to the
     * policy. */
    uint32_t outcome_count;
    struct manager_event outcomes[ROSTER_ROWS_MAX + 1];
    struct recorder recorder;
    struct pid_file pid_file;
    int signal_fd;
    int pipe_reader;    /* heartbeats */
    int pipe_writer;    /* kept open, so that the pipe lives while no worker does */
    int life_reader;    /* for the workers */
    int life_writer;    /* closed by nothing but the end of this process */
    int gate_reader;    /* for the workers */
    int gate_writer;    /* a byte and its end when this generation serves */
    int predecessor;    /* the channel to the old manager; negative: none */
    bool has_agreement; /* the old manager has agreed */
    bool has_served;    /* it was announced */
    struct successor successor;
    struct askers askers;
    struct herald_keeper herald;
    int64_t passed_us;     /* when the loop last came round */
    int64_t file_check_us; /* when the PID file is looked at next */
    bool is_over;          /* EXIT was performed, or this process has become a worker */
    bool is_worker;
    bool has_failed; /* it could not become a server that others find */
    int status;      /* exit status of this process */
};

/* Tells the policy of an event, which happens now, and performs what it answers. */
void manager_feed(struct manager_process *process, const struct manager_event *event);

/* The same for an event that happened at this time, at the last one's or after it. */
void manager_feed_at(struct manager_process *process, const struct manager_event *event,
                     int64_t now_us);

#endif
