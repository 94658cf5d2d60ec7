/* demo_view - the live view of the demo: the workers of this generation, over a WebSocket.
 *
 * Not pure: runs on the worker's thread, like every callback. Each worker says once a second on the
 * board that it is there, and tells everybody who looks at it over a connection of its own. */
#ifndef TOAD_APPS_DEMO_VIEW_H
#define TOAD_APPS_DEMO_VIEW_H

#include <hypnotoad.h>

struct board;
struct board_row;
struct view_seat;

/* One worker's share. */
struct view {
    struct toad_worker *worker; /* borrowed from the server */
    struct board *board;        /* borrowed; shared by all workers of the generation */
    struct board_row *row;      /* of the board; NULL if there was none free */
    struct view_seat *seats;    /* who looks at it; each is given back when its connection ends */
    struct toad_timer *timer;   /* the next beat */
    uint64_t owner;             /* who this worker is, on the board */
    uint64_t beats;
    int64_t started_us;
};

/* The board, in memory that later children share; NULL if there is none. */
struct board *view_open_board(void);
/* NULL does nothing. */
void view_close_board(struct board *board);

/* Enters this worker, and begins to beat. False: there is no memory. */
bool view_init(struct view *view, struct board *board, struct toad_worker *worker);
/* The worker was asked to leave: others see it at once, and who looks here is sent elsewhere. */
void view_drain(struct view *view);
/* Takes it from the board. */
void view_clear(struct view *view);

/* Answers with what the view shows, once, as JSON:
 *
 *     {"generation":1,"pid":7,"server_ms":5000,"workers":[{"pid":7,"connections":2,"requests":9,
 *      "beats":4,"beat_age_ms":12,"age_ms":4012,"is_leaving":false}]}
 *
 * `pid` is the worker that says so, beat_age_ms how long ago the row was written. */
void view_answer(struct view *view, struct toad_request *request);
/* Opens the WebSocket that says the same at once and with each beat. It is closed with 1001 soon
 * after the worker was asked to leave. What is sent to it is not listened to. */
void view_open(struct view *view, struct toad_request *request);

#endif
