#include "apps/demo_view.h"

#include "apps/demo_board.h"
#include "apps/demo_process.h"
#include "apps/json.h"
#include "apps/kit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BEAT_SECONDS 1.0
/* Whoever has said nothing for so long may have died. */
#define LATE_US INT64_C(1250000)
/* Seven numbers with their names, at their longest. */
#define LINE_SIZE_MAX 200
#define TEXT_SIZE_MAX (200 + BOARD_ROWS_MAX * LINE_SIZE_MAX)

/* One connection of somebody who looks. */
struct view_seat {
    struct view *view;
    struct toad_websocket *ws;
    struct view_seat *next;
    struct view_seat **link; /* what points to this one */
};

static int64_t clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- The board ---- */

struct board *view_open_board(void)
{
    void *memory =
        mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void view_close_board(struct board *board)
{
    if (board != NULL)
        (void)munmap(board, sizeof(*board));
}

static void write_row(struct view *view)
{
    int64_t now_us = clock_us();
    struct board_facts facts = {
        .started_us = view->started_us,
        .beat_us = now_us,
        .beats = view->beats,
        .requests = toad_worker_requests(view->worker),
        .connections = toad_worker_connections(view->worker),
        .is_leaving = toad_worker_is_leaving(view->worker),
    };
    if (board_write(view->row, view->owner, &facts))
        return;
    board_sweep(view->board, now_us - LATE_US, process_lives);
    view->row = board_enter(view->board, view->owner);
    (void)board_write(view->row, view->owner, &facts);
}

/* ---- What it says ---- */

static uint64_t milliseconds(int64_t time_us)
{
    return time_us > 0 ? (uint64_t)time_us / 1000 : 0;
}

static void line_write(struct json *json, const struct board_line *line, int64_t now_us)
{
    const struct board_facts *facts = &line->facts;
    json_begin(json, NULL, '{');
    json_number(json, "pid", (uint64_t)process_pid(line->owner));
    json_number(json, "connections", facts->connections);
    json_number(json, "requests", facts->requests);
    json_number(json, "beats", facts->beats);
    json_number(json, "beat_age_ms", milliseconds(now_us - facts->beat_us));
    json_number(json, "age_ms", milliseconds(now_us - facts->started_us));
    json_boolean(json, "is_leaving", facts->is_leaving);
    json_end(json, '}');
}

/* The text lives until the next call. */
static struct toad_text text_of(struct view *view)
{
    static char text[TEXT_SIZE_MAX];
    static struct board_line lines[BOARD_ROWS_MAX];
    struct json json;
    write_row(view);
    int64_t now_us = clock_us();
    board_sweep(view->board, now_us - LATE_US, process_lives);
    size_t count = board_read(view->board, lines);
    json_init(&json, text, sizeof(text));
    json_begin(&json, NULL, '{');
    json_number(&json, "generation", toad_worker_generation(view->worker));
    json_number(&json, "pid", (uint64_t)getpid());
    json_number(&json, "server_ms", (uint64_t)(toad_worker_uptime(view->worker) * 1000));
    json_begin(&json, "workers", '[');
    for (size_t i = 0; i < count; i++)
        line_write(&json, &lines[i], now_us);
    json_end(&json, ']');
    json_end(&json, '}');
    return (struct toad_text){text, json.size};
}

/* What is not taken is not sent later: the next beat says it better. */
static void tell(struct view_seat *seat, struct toad_text text)
{
    (void)toad_ws_send(seat->ws, TOAD_WS_TEXT, text.data, text.size);
}

static void tell_all(struct view *view)
{
    if (view->seats == NULL)
        return;
    struct toad_text text = text_of(view);
    for (struct view_seat *seat = view->seats; seat != NULL; seat = seat->next)
        tell(seat, text);
}

static void send_away(struct view *view)
{
    struct view_seat *next;
    for (struct view_seat *seat = view->seats; seat != NULL; seat = next) {
        next = seat->next;
        (void)toad_ws_close(seat->ws, 1001, "This worker leaves");
    }
}

/* ---- The beat ---- */

static void beat(void *data);

static bool wait_for_beat(struct view *view)
{
    view->timer = toad_timer_start(view->worker, BEAT_SECONDS, beat, view);
    return view->timer != NULL;
}

static void beat(void *data)
{
    struct view *view = data;
    view->beats++;
    write_row(view);
    tell_all(view);
    if (toad_worker_is_leaving(view->worker))
        send_away(view);
    if (!wait_for_beat(view))
        toad_log(2, "demo: there is no memory for the next beat; the live view stands still");
}

bool view_init(struct view *view, struct board *board, struct toad_worker *worker)
{
    *view = (struct view){
        .worker = worker,
        .board = board,
        .owner = process_identity((long)getpid()),
        .started_us = clock_us(),
    };
    write_row(view);
    return wait_for_beat(view);
}

void view_drain(struct view *view)
{
    write_row(view);
}

void view_clear(struct view *view)
{
    toad_timer_stop(view->timer);
    view->timer = NULL;
    board_leave(view->row, view->owner);
    view->row = NULL;
}

/* ---- Who looks ---- */

static struct view_seat *seat_add(struct view *view, struct toad_websocket *ws)
{
    struct view_seat *seat = malloc(sizeof(*seat));
    if (seat == NULL)
        return NULL;
    *seat = (struct view_seat){.view = view, .ws = ws, .next = view->seats, .link = &view->seats};
    if (seat->next != NULL)
        seat->next->link = &seat->next;
    view->seats = seat;
    return seat;
}

static void seat_remove(struct view_seat *seat)
{
    *seat->link = seat->next;
    if (seat->next != NULL)
        seat->next->link = seat->link;
    free(seat);
}

static void on_drain(void *state, struct toad_websocket *ws)
{
    (void)state;
    struct view_seat *seat = toad_ws_data(ws);
    if (seat != NULL)
        tell(seat, text_of(seat->view));
}

static void on_close(void *state, struct toad_websocket *ws, unsigned code, struct toad_text reason)
{
    (void)state;
    (void)code;
    (void)reason;
    struct view_seat *seat = toad_ws_data(ws);
    if (seat != NULL)
        seat_remove(seat);
}

void view_open(struct view *view, struct toad_request *request)
{
    static const struct toad_ws_callbacks callbacks = {
        .struct_size = sizeof(callbacks), .on_close = on_close, .on_drain = on_drain};
    struct toad_websocket *ws = toad_ws_accept(request, &callbacks, NULL);
    if (ws == NULL)
        return;
    struct view_seat *seat = seat_add(view, ws);
    toad_ws_set_data(ws, seat);
    if (seat == NULL)
        (void)toad_ws_close(ws, 1013, "There is no memory for another view");
    else
        tell(seat, text_of(view));
}

void view_answer(struct view *view, struct toad_request *request)
{
    struct toad_text text = text_of(view);
    toad_reply(request, 200, "application/json", text.data, text.size);
}
