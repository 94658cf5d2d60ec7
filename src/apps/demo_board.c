#include "apps/demo_board.h"

#include <stdatomic.h>

static bool row_pass(struct board_row *row, uint64_t from, uint64_t to)
{
    return atomic_compare_exchange_strong(&row->owner, &from, to);
}

struct board_row *board_enter(struct board *board, uint64_t owner)
{
    for (size_t i = 0; i < BOARD_ROWS_MAX; i++)
        if (row_pass(&board->rows[i], 0, owner))
            return &board->rows[i];
    return NULL;
}

bool board_write(struct board_row *row, uint64_t owner, const struct board_facts *facts)
{
    if (row == NULL || row->owner != owner)
        return false;
    row->started_us = facts->started_us;
    row->beat_us = facts->beat_us;
    row->beats = facts->beats;
    row->requests = facts->requests;
    row->connections = facts->connections;
    row->is_leaving = facts->is_leaving;
    /* Last: until then the facts are those of whoever had the row before. */
    row->written_by = owner;
    return true;
}

void board_leave(struct board_row *row, uint64_t owner)
{
    if (row != NULL)
        (void)row_pass(row, owner, 0);
}

static bool row_is_late(const struct board_row *row, uint64_t owner, int64_t late_us)
{
    return row->written_by != owner || row->beat_us < late_us;
}

void board_sweep(struct board *board, int64_t late_us, bool (*lives)(uint64_t owner))
{
    for (size_t i = 0; i < BOARD_ROWS_MAX; i++) {
        struct board_row *row = &board->rows[i];
        uint64_t owner = row->owner;
        if (owner != 0 && row_is_late(row, owner, late_us) && !lives(owner))
            board_leave(row, owner);
    }
}

static bool row_read(const struct board_row *row, struct board_line *line)
{
    line->owner = row->owner;
    if (line->owner == 0 || row->written_by != line->owner)
        return false;
    line->facts = (struct board_facts){
        .started_us = row->started_us,
        .beat_us = row->beat_us,
        .beats = row->beats,
        .requests = row->requests,
        .connections = row->connections,
        .is_leaving = row->is_leaving,
    };
    return row->owner == line->owner;
}

size_t board_read(const struct board *board, struct board_line lines[BOARD_ROWS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < BOARD_ROWS_MAX; i++)
        if (row_read(&board->rows[i], &lines[count]))
            count++;
    return count;
}
