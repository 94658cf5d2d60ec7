#include "policy/roster.h"

#include <stddef.h>
#include <string.h>

void roster_init(struct roster *roster)
{
    roster->count = 0;
}

struct roster_row *roster_add(struct roster *roster, int32_t pid, int64_t now_us)
{
    if (roster->count == ROSTER_ROWS_MAX || roster_find(roster, pid) != NULL)
        return NULL;
    struct roster_row *row = &roster->rows[roster->count++];
    *row = (struct roster_row){.pid = pid,
                               .life = WORKER_STARTING,
                               .heard_us = now_us,
                               .ready_us = NEVER_US,
                               .leaving_us = NEVER_US,
                               .stopped_us = NEVER_US};
    return row;
}

struct roster_row *roster_find(struct roster *roster, int32_t pid)
{
    for (uint32_t i = 0; i < roster->count; i++)
        if (roster->rows[i].pid == pid)
            return &roster->rows[i];
    return NULL;
}

void roster_remove(struct roster *roster, struct roster_row *row)
{
    size_t index = (size_t)(row - roster->rows);
    roster->count--;
    memmove(row, row + 1, (roster->count - index) * sizeof *row);
}

uint32_t roster_count_serving(const struct roster *roster)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < roster->count; i++)
        count += worker_life_is_serving(roster->rows[i].life);
    return count;
}

uint32_t roster_count_ready(const struct roster *roster)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < roster->count; i++)
        count += roster->rows[i].life == WORKER_READY;
    return count;
}

struct roster_row *roster_choose_serving(struct roster *roster, uint32_t dice)
{
    uint32_t serving = roster_count_serving(roster);
    uint32_t chosen = serving > 0 ? dice % serving : 0;
    for (uint32_t i = 0; i < roster->count; i++)
        if (worker_life_is_serving(roster->rows[i].life) && chosen-- == 0)
            return &roster->rows[i];
    return NULL;
}
