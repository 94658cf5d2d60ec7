#include "pid_table.h"

#include "audit.h"
#include "kernel.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>

void pids_init(struct pid_table *pids, int32_t pid_max)
{
    assert(pid_max < PIDS_MAX);
    pids->pid_max = pid_max;
    pids->last_pid = MANAGER_PID;
    pids->strangers = pids->zombies = pids->child_count = 0;
    for (int32_t pid = 0; pid < PIDS_MAX; pid++) {
        pids->list[pid].pid = pid;
        pids->list[pid].state = PROCESS_NONE;
        pids->list[pid].life = 0;
    }
    pids->list[MANAGER_PID].state = PROCESS_ALIVE;
    pids->list[MANAGER_PID].kind = PROCESS_STRANGER;
}

struct process *pids_find(int32_t pid)
{
    assert(pid > 0 && pid < PIDS_MAX);
    return &kernel.pids.list[pid];
}

bool pids_is_past(int32_t pid, uint32_t life)
{
    const struct process *process = pids_find(pid);
    return process->life != life || process->state != PROCESS_ALIVE;
}

static int32_t free_pid(const struct pid_table *pids)
{
    int32_t pid = pids->last_pid;
    do {
        pid = pid < pids->pid_max ? pid + 1 : FIRST_PID;
        if (pids->list[pid].state == PROCESS_NONE)
            return pid;
    } while (pid != pids->last_pid);
    return NO_PID;
}

struct process *pids_begin(enum process_kind kind)
{
    struct pid_table *pids = &kernel.pids;
    int32_t pid = free_pid(pids);
    if (pid == NO_PID)
        return NULL;
    pids->last_pid = pid;
    struct process *process = &pids->list[pid];
    if (process->life > 0)
        CENSUS(reused_pids);
    *process = (struct process){
        .pid = pid, .state = PROCESS_ALIVE, .kind = kind, .life = process->life + 1};
    if (kind == PROCESS_STRANGER)
        pids->strangers++;
    else
        pids->children[pids->child_count++] = pid;
    return process;
}

void pids_end(struct process *process, int status, int signal)
{
    struct pid_table *pids = &kernel.pids;
    if (process->state != PROCESS_ALIVE)
        return;
    kernel_say(signal != 0 ? "a signal ended it" : "it exited", process->pid,
               signal != 0 ? signal : status);
    process->ended_us = kernel.now_us;
    process->wait_status = signal != 0 ? signal : status << 8;
    if (process->kind == PROCESS_STRANGER) {
        process->state = PROCESS_NONE;
        pids->strangers--;
        return;
    }
    process->state = PROCESS_ZOMBIE;
    pids->zombies++;
    kernel_raise(SIGCHLD);
}

int pids_reap(struct process *zombie)
{
    struct pid_table *pids = &kernel.pids;
    uint32_t index = 0;
    while (pids->children[index] != zombie->pid)
        index++;
    pids->children[index] = pids->children[--pids->child_count];
    pids->zombies--;
    zombie->state = PROCESS_NONE;
    return zombie->wait_status;
}

void pids_signal(struct process *process, int number)
{
    if (process->state != PROCESS_ALIVE)
        return;
    kernel_say("it is sent a signal", process->pid, number);
    process->pending |= UINT32_C(1) << number;
    kernel_plan(chance_spread(&kernel.chance, 1, 500), HAPPENING_SIGNALS, process, 0);
}

void pids_stop(struct process *process)
{
    if (process->state != PROCESS_ALIVE || process->is_stopped)
        return;
    process->is_stopped = true;
    kernel_raise(SIGCHLD);
}

void pids_continue(struct process *process)
{
    if (process->state != PROCESS_ALIVE || !process->is_stopped)
        return;
    process->is_stopped = false;
    kernel_raise(SIGCHLD);
    puppet_go_on(process);
}

/* Some child in this state; only a worker if that is asked for. */
static struct process *some_child(enum process_state state, bool is_worker)
{
    const struct pid_table *pids = &kernel.pids;
    uint32_t start = pids->child_count > 0 ? chance_below(&kernel.chance, pids->child_count) : 0;
    for (uint32_t i = 0; i < pids->child_count; i++) {
        struct process *process = pids_find(pids->children[(start + i) % pids->child_count]);
        if (process->state == state && (!is_worker || process->kind == PROCESS_WORKER))
            return process;
    }
    return NULL;
}

struct process *pids_some_zombie(void)
{
    return kernel.pids.zombies > 0 ? some_child(PROCESS_ZOMBIE, false) : NULL;
}

struct process *pids_some_worker(void)
{
    return some_child(PROCESS_ALIVE, true);
}
