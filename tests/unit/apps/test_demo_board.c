#include "apps/demo_board.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdatomic.h>

static struct board board;
static struct board_line lines[BOARD_ROWS_MAX];

static const struct board_facts facts = {.started_us = 1,
                                         .beat_us = 1000,
                                         .beats = 2,
                                         .requests = 3,
                                         .connections = 4,
                                         .is_leaving = true};

static struct board_row *enter_and_write(uint64_t owner)
{
    struct board_row *row = board_enter(&board, owner);
    cr_assert_not_null(row);
    cr_assert(board_write(row, owner, &facts));
    return row;
}

Test(demo_board, shows_nobody_before_anybody_has_entered)
{
    cr_expect_eq(board_read(&board, lines), 0);
}

Test(demo_board, shows_what_a_worker_has_said)
{
    (void)enter_and_write(7);
    cr_assert_eq(board_read(&board, lines), 1);
    cr_expect_eq(lines[0].owner, 7);
    cr_expect_eq(lines[0].facts.started_us, 1);
    cr_expect_eq(lines[0].facts.beat_us, 1000);
    cr_expect_eq(lines[0].facts.beats, 2);
    cr_expect_eq(lines[0].facts.requests, 3);
    cr_expect_eq(lines[0].facts.connections, 4);
    cr_expect(lines[0].facts.is_leaving);
}

Test(demo_board, shows_nobody_who_has_said_nothing)
{
    struct board_row *row = enter_and_write(7);
    board_leave(row, 7);
    cr_expect_eq(board_enter(&board, 8), row);
    cr_expect_eq(board_read(&board, lines), 0, "the facts are those of the one before");
}

Test(demo_board, gives_a_row_that_was_left_to_the_next)
{
    struct board_row *first = enter_and_write(7);
    (void)enter_and_write(8);
    board_leave(first, 7);
    cr_expect_eq(enter_and_write(9), first);
    cr_assert_eq(board_read(&board, lines), 2);
    cr_expect_eq(lines[0].owner, 9);
    cr_expect_eq(lines[1].owner, 8);
}

Test(demo_board, is_written_and_left_by_the_owner_alone)
{
    struct board_row *row = enter_and_write(7);
    cr_expect_not(board_write(row, 8, &facts));
    cr_expect_not(board_write(NULL, 8, &facts));
    board_leave(row, 8);
    board_leave(NULL, 8);
    cr_assert_eq(board_read(&board, lines), 1);
    cr_expect_eq(lines[0].owner, 7);
}

Test(demo_board, has_an_end)
{
    for (uint64_t owner = 1; owner <= BOARD_ROWS_MAX; owner++)
        (void)enter_and_write(owner);
    cr_expect_null(board_enter(&board, BOARD_ROWS_MAX + 1));
    cr_expect_eq(board_read(&board, lines), BOARD_ROWS_MAX);
}

/* ---- Sweeping ---- */

static uint64_t asked;

static bool odd_ones_live(uint64_t owner)
{
    asked |= UINT64_C(1) << owner;
    return owner % 2 == 1;
}

Test(demo_board, is_swept_of_those_who_died)
{
    for (uint64_t owner = 1; owner <= 4; owner++)
        (void)enter_and_write(owner);
    board_sweep(&board, facts.beat_us + 1, odd_ones_live);
    cr_assert_eq(board_read(&board, lines), 2);
    cr_expect_eq(lines[0].owner, 1);
    cr_expect_eq(lines[1].owner, 3);
}

Test(demo_board, is_not_swept_of_those_who_spoke_just_now)
{
    (void)enter_and_write(2);
    board_sweep(&board, facts.beat_us, odd_ones_live);
    cr_expect_eq(asked, 0, "nobody is asked about");
    cr_expect_eq(board_read(&board, lines), 1);
}

Test(demo_board, is_swept_of_those_who_died_before_they_spoke)
{
    struct board_row *row = enter_and_write(5);
    board_leave(row, 5);
    cr_assert_eq(board_enter(&board, 2), row);
    board_sweep(&board, 0, odd_ones_live);
    cr_expect_eq(asked, UINT64_C(1) << 2);
    cr_expect_eq(board_enter(&board, 6), row);
}

/* ---- Many at once ---- */

enum {
    HANDS = 64, /* rows that change hands all the time */
    LOOKS = 200000,
};

static atomic_bool is_over;
static size_t refused;

/* Each owner writes facts that agree with it, and leaves at once for the next. */
static void *come_and_go(void *nothing)
{
    struct board_row *rows[HANDS] = {NULL};
    uint64_t owners[HANDS] = {0};
    for (uint64_t owner = 1; !is_over; owner++) {
        size_t hand = owner % HANDS;
        board_leave(rows[hand], owners[hand]);
        rows[hand] = board_enter(&board, owner);
        owners[hand] = owner;
        struct board_facts mine = {.started_us = (int64_t)owner, .beats = owner, .requests = owner};
        refused += !board_write(rows[hand], owner, &mine);
    }
    return nothing;
}

Test(demo_board, shows_no_worker_with_the_facts_of_another)
{
    pthread_t thread;
    size_t wrong = 0;
    cr_assert_eq(pthread_create(&thread, NULL, come_and_go, NULL), 0);
    for (size_t look = 0; look < LOOKS; look++) {
        size_t count = board_read(&board, lines);
        for (size_t i = 0; i < count; i++)
            wrong += (uint64_t)lines[i].facts.started_us != lines[i].owner ||
                     lines[i].facts.beats != lines[i].owner ||
                     lines[i].facts.requests != lines[i].owner;
    }
    is_over = true;
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_eq(wrong, 0, "%zu", wrong);
    cr_expect_eq(refused, 0);
}
