/* demo_board - who works: a table in memory that all workers of one generation share.
 *
 * Pure but for what others write meanwhile. There is no lock, so a worker that is killed holds
 * none: one word says who owns a row, and it changes hands in one step. Only the owner writes
 * the rest; a row that changes hands while it is read is not shown. */
#ifndef TOAD_APPS_DEMO_BOARD_H
#define TOAD_APPS_DEMO_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BOARD_ROWS_MAX = 256
};

/* What a worker says of itself. Times are of one clock that all workers read. */
struct board_facts {
    int64_t started_us;
    int64_t beat_us; /* when it said this */
    uint64_t beats;
    uint64_t requests;
    unsigned connections;
    bool is_leaving;
};

/* One row as it is read. `owner` is of demo_process. */
struct board_line {
    uint64_t owner;
    struct board_facts facts;
};

struct board_row {
    _Alignas(64) _Atomic uint64_t owner; /* 0: the row is free */
    _Atomic uint64_t written_by;         /* whose facts the others are */
    _Atomic int64_t started_us;
    _Atomic int64_t beat_us;
    _Atomic uint64_t beats;
    _Atomic uint64_t requests;
    _Atomic unsigned connections;
    _Atomic bool is_leaving;
};

/* Zeroed memory is an empty board. */
struct board {
    struct board_row rows[BOARD_ROWS_MAX];
};

/* Takes the first free row for `owner`, which is not 0. NULL: there is none. */
struct board_row *board_enter(struct board *board, uint64_t owner);
/* Writes what others will read. False: the row, or NULL, is not the owner's. */
bool board_write(struct board_row *row, uint64_t owner, const struct board_facts *facts);
/* Gives the row back, if it is still the owner's. NULL does nothing. */
void board_leave(struct board_row *row, uint64_t owner);

/* Gives back the rows of owners that do not live; only those are asked about that have said nothing
 * since `late_us`. Any number of workers may do this at the same time. */
void board_sweep(struct board *board, int64_t late_us, bool (*lives)(uint64_t owner));

/* Reads the rows in their order and returns how many there are. */
size_t board_read(const struct board *board, struct board_line lines[BOARD_ROWS_MAX]);

#endif
