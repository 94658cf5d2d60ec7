#include "policy/pool.h"

bool pool_is_kept(const struct manager *manager)
{
    return pool_is_untried(manager) || manager->phase == MANAGER_RUNNING;
}

bool pool_is_untried(const struct manager *manager)
{
    return manager->phase == MANAGER_STARTING || manager->phase == MANAGER_ASKING;
}

bool pool_is_short(const struct manager *manager)
{
    uint32_t all = manager->roster.count + manager->spawning;
    return pool_is_kept(manager) &&
           roster_count_serving(&manager->roster) + manager->spawning < manager->wanted &&
           all < manager->wanted + manager->settings.spare && all < ROSTER_ROWS_MAX;
}

bool pool_is_healthy(const struct roster_row *row, int64_t now_us)
{
    return row->ready_us != NEVER_US && now_us - row->ready_us >= PROVEN_AFTER_US;
}

int64_t pool_deadline_us(const struct manager *manager, const struct roster_row *row)
{
    const struct manager_settings *settings = &manager->settings;
    switch (row->life) {
    case WORKER_STARTING:
    case WORKER_READY:
        return row->heard_us + settings->heartbeat_interval_us + settings->heartbeat_timeout_us;
    case WORKER_LEAVING:
    case WORKER_QUITTING:
        return row->leaving_us + settings->graceful_timeout_us;
    case WORKER_TERMINATING:
        return row->stopped_us + KILL_AFTER_US;
    case WORKER_KILLED:
        break;
    }
    return NEVER_US;
}

/* When a worker will have proven healthy, if that ends a pause; NEVER_US if not. */
static int64_t proof_us(const struct manager *manager, const struct roster_row *row)
{
    bool is_awaited = manager->backoff.failures > 0 && row->life == WORKER_READY && !row->is_proven;
    return is_awaited ? row->ready_us + PROVEN_AFTER_US : NEVER_US;
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

int64_t pool_wake_us(const struct manager *manager)
{
    int64_t wake_us = pool_is_short(manager) ? manager->backoff.until_us : NEVER_US;
    for (uint32_t i = 0; i < manager->roster.count; i++) {
        const struct roster_row *row = &manager->roster.rows[i];
        wake_us = earlier(wake_us, pool_deadline_us(manager, row));
        wake_us = earlier(wake_us, proof_us(manager, row));
    }
    int64_t timeout_us = manager->settings.upgrade_timeout_us;
    return earlier(wake_us, upgrade_deadline_us(&manager->upgrade, timeout_us));
}
