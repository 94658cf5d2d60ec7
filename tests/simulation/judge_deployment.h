/* judge_deployment - what a manager does about hot deployments, its own and the one that it is. */
#ifndef TOAD_TESTS_SIMULATION_JUDGE_DEPLOYMENT_H
#define TOAD_TESTS_SIMULATION_JUDGE_DEPLOYMENT_H

#include "judge.h"

/* One step, while its actions are judged one after the other. */
struct trial {
    struct world *world;
    const struct world *before;
    const struct manager_event *event;
    bool was_late; /* the manager noticed that it was held up */
    uint32_t spawns;
    uint32_t retired;
};

/* A new generation's process exists, or is being made, that was not told to take over. */
bool deployment_is_under_way(const struct world *world);

/* The manager may write its PID file and announce itself. */
bool may_serve(const struct trial *trial);

enum invariant judge_deployment_action(struct trial *trial, const struct manager_action *action);

/* A signal to the other manager. */
enum invariant judge_manager_signal(struct trial *trial, const struct manager_action *action);

/* After all actions of the step. */
enum invariant judge_deployment(struct trial *trial);

#endif
