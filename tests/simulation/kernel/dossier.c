#include "dossier.h"

#include "kernel.h"

void dossier_begin(struct dossier *dossier)
{
    *dossier = (struct dossier){.written_us = kernel.now_us,
                                .chain_us = kernel.now_us,
                                .ready_us = NEVER_US,
                                .heard_us = kernel.now_us,
                                .heard_by_us = NEVER_US,
                                .leaving_us = NEVER_US,
                                .leaving_by_us = NEVER_US,
                                .stopped_us = NEVER_US,
                                .stopped_by_us = NEVER_US};
}

void dossier_note_beat(struct dossier *dossier)
{
    if (kernel.now_us - dossier->written_us >= scenario_silence_us(&kernel.scenario))
        dossier->chain_us = kernel.now_us;
    dossier->written_us = kernel.now_us;
}

void dossier_note_heard(struct dossier *dossier, bool is_leaving)
{
    dossier->heard_us = kernel.now_us;
    dossier->heard_by_us = NEVER_US;
    if (!dossier_is_serving(dossier))
        return;
    if (!is_leaving && !dossier->is_heard) {
        dossier->is_heard = true;
        dossier->ready_us = kernel.now_us;
    } else if (is_leaving) {
        dossier->has_farewell = true;
        dossier->leaving_us = kernel.now_us;
    }
}

void dossier_note_signal(struct dossier *dossier, enum worker_signal signal, int64_t decided_us)
{
    dossier->sent = signal;
    if (signal == WORKER_SIGNAL_QUIT && dossier->leaving_us == NEVER_US)
        dossier->leaving_us = decided_us;
    if (signal == WORKER_SIGNAL_TERM)
        dossier->stopped_us = decided_us;
}

static void bound(int64_t *by_us, int64_t at_us)
{
    if (*by_us == NEVER_US && at_us != NEVER_US)
        *by_us = kernel.now_us;
}

void dossier_end_pass(struct dossier *dossier)
{
    bound(&dossier->heard_by_us, dossier->heard_us);
    bound(&dossier->leaving_by_us, dossier->leaving_us);
    bound(&dossier->stopped_by_us, dossier->stopped_us);
}

bool dossier_prove(struct dossier *dossier)
{
    if (dossier->was_proven || dossier->ready_us == NEVER_US ||
        kernel.now_us - dossier->ready_us < PROVEN_AFTER_US)
        return false;
    dossier->was_proven = true;
    return true;
}

bool dossier_is_serving(const struct dossier *dossier)
{
    return dossier->sent == WORKER_SIGNAL_NONE && !dossier->has_farewell;
}

enum worker_life dossier_life(const struct dossier *dossier)
{
    switch (dossier->sent) {
    case WORKER_SIGNAL_QUIT:
        return WORKER_QUITTING;
    case WORKER_SIGNAL_TERM:
        return WORKER_TERMINATING;
    case WORKER_SIGNAL_KILL:
        return WORKER_KILLED;
    case WORKER_SIGNAL_NONE:
    case WORKER_SIGNAL_USR1:
        break;
    }
    if (dossier->has_farewell)
        return WORKER_LEAVING;
    return dossier->is_heard ? WORKER_READY : WORKER_STARTING;
}

static int64_t later_us(int64_t at_us, int64_t by_us)
{
    return at_us == NEVER_US ? NEVER_US : at_us + by_us;
}

int64_t dossier_deadline_us(const struct dossier *dossier, int64_t forgiven_by_us)
{
    if (dossier_is_serving(dossier)) {
        int64_t by_us =
            dossier->heard_by_us > forgiven_by_us ? dossier->heard_by_us : forgiven_by_us;
        return later_us(by_us, scenario_silence_us(&kernel.scenario));
    }
    if (dossier->sent < WORKER_SIGNAL_TERM)
        return later_us(dossier->leaving_by_us, kernel.scenario.settings.graceful_timeout_us);
    return dossier->sent == WORKER_SIGNAL_TERM ? later_us(dossier->stopped_by_us, KILL_AFTER_US)
                                               : NEVER_US;
}
