#include "pair.h"

#include "policy/manager_text.h"
#include "policy/pool.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static void copy_manager(struct manager *to, const struct manager *from)
{
    memcpy(to, from,
           offsetof(struct manager, roster.rows) +
               from->roster.count * sizeof from->roster.rows[0]);
}

void pair_copy(struct pair *to, const struct pair *from)
{
    copy_manager(&to->managers[SIDE_OLD], &from->managers[SIDE_OLD]);
    copy_manager(&to->managers[SIDE_NEW], &from->managers[SIDE_NEW]);
    memcpy(&to->now_us, &from->now_us,
           offsetof(struct pair, actions) - offsetof(struct pair, now_us));
}

const char *pair_move_text(enum pair_move_kind kind)
{
    static const char *const texts[] = {
#define PAIR_MOVE(name, text) text,
#include "pair.def"
#undef PAIR_MOVE
    };
    return texts[kind];
}

static void fail(struct pair *pair, enum invariant invariant)
{
    if (pair->broken == INVARIANT_NONE)
        pair->broken = invariant;
}

static void end_old(struct pair *pair)
{
    pair->is_old_alive = pair->is_forking = false;
    pair->has_quit = pair->has_ready = false;
    if (pair->process == PROCESS_ENDED)
        pair->process = PROCESS_NONE;
}

static void end_new(struct pair *pair)
{
    pair->process = pair->is_old_alive ? PROCESS_ENDED : PROCESS_NONE;
    pair->word = WORD_NONE;
    pair->has_term = false;
    manager_init(&pair->managers[SIDE_NEW], &pair->managers[SIDE_OLD].settings);
}

/* Its end is no fault of the managers. */
static void excuse(struct pair *pair, enum side side)
{
    if (side == SIDE_OLD || pair->has_taken_over)
        pair->may_old_be_over = true;
    if (side == SIDE_NEW)
        pair->may_new_be_over = true;
}

static void say(struct pair *pair, enum pair_word word)
{
    if (pair->said != WORD_NONE)
        fail(pair, INVARIANT_I20);
    pair->said = word;
    if (pair->process != PROCESS_ENDED)
        pair->word = word;
}

static void carry_signal(struct pair *pair, enum side side, const struct manager_action *action)
{
    if (side == SIDE_NEW && action->pid == OLD_PID) {
        pair->has_taken_over = true;
        pair->has_quit = pair->is_old_alive;
    }
    bool is_to_new = side == SIDE_OLD && action->pid == NEW_PID;
    if (is_to_new && (pair->process == PROCESS_NONE))
        fail(pair, INVARIANT_I5);
    if (is_to_new && action->signal == WORKER_SIGNAL_TERM)
        pair->has_term = pair->process != PROCESS_ENDED;
    if (is_to_new && action->signal == WORKER_SIGNAL_KILL && pair->process != PROCESS_ENDED)
        end_new(pair);
}

static void carry_file(struct pair *pair, enum side side, bool is_written)
{
    enum pair_file mine = side == SIDE_OLD ? FILE_OLD : FILE_NEW;
    /* While the other manager serves it is not this one's business. */
    if (side == SIDE_OLD && pair->process == PROCESS_LIVING && pair->has_taken_over)
        fail(pair, INVARIANT_I25);
    if (is_written)
        pair->file = mine;
    else if (pair->file == mine)
        pair->file = FILE_NONE;
}

static void carry(struct pair *pair, enum side side, const struct manager_action *action)
{
    switch (action->kind) {
    case MANAGER_ACTION_SPAWN_UPGRADE:
        if (pair->is_forking || pair->process != PROCESS_NONE)
            fail(pair, INVARIANT_I19);
        pair->is_forking = true;
        return;
    case MANAGER_ACTION_COMMIT_UPGRADE:
        say(pair, WORD_COMMIT);
        return;
    case MANAGER_ACTION_ABORT_UPGRADE:
        say(pair, WORD_ABORT);
        return;
    case MANAGER_ACTION_ASK_TAKEOVER:
        pair->has_ready = pair->is_old_alive;
        return;
    case MANAGER_ACTION_SIGNAL:
        carry_signal(pair, side, action);
        return;
    case MANAGER_ACTION_WRITE_PID_FILE:
    case MANAGER_ACTION_REMOVE_PID_FILE:
        carry_file(pair, side, action->kind == MANAGER_ACTION_WRITE_PID_FILE);
        return;
    case MANAGER_ACTION_EXIT:
        if (side == SIDE_OLD)
            end_old(pair);
        else
            end_new(pair);
        return;
    case MANAGER_ACTION_SPAWN:
    case MANAGER_ACTION_ANNOUNCE:
    case MANAGER_ACTION_REOPEN_LOGS:
    case MANAGER_ACTION_END_UPGRADE:
    case MANAGER_ACTION_LOG:
        break;
    }
}

static void write_trace(struct pair *pair, enum side side, const struct manager_event *event)
{
    char storage[LOG_LINE_MAX];
    struct buffer line;
    FILE *file = pair->traces[side];
    if (file == NULL)
        return;
    buffer_init(&line, storage, sizeof storage);
    bool fits = manager_event_write(&line, event, pair->now_us, &pair->managers[side].settings);
    (void)fwrite(line.data, 1, line.size, file);
    for (uint32_t i = 0; i < pair->actions.count; i++) {
        buffer_init(&line, storage, sizeof storage);
        fits = fits && manager_action_write(&line, &pair->actions.list[i], pair->now_us);
        (void)fwrite(line.data, 1, line.size, file);
    }
    assert(fits);
}

static bool feed(struct pair *pair, enum side side, struct manager_event event)
{
    struct manager *manager = &pair->managers[side];
    enum error error = manager_decide(manager, &event, pair->now_us, &pair->actions);
    if (error != ERROR_NONE) {
        fail(pair, INVARIANT_I16);
        return true;
    }
    write_trace(pair, side, &event);
    bool has_failed = side == SIDE_NEW && manager->exit_status != 0 &&
                      event.kind != MANAGER_EVENT_UPGRADE_ABORTED;
    if (has_failed && pair->said != WORD_ABORT)
        excuse(pair, SIDE_NEW);
    for (uint32_t i = 0; i < pair->actions.count; i++)
        carry(pair, side, &pair->actions.list[i]);
    return true;
}

static bool feed_kind(struct pair *pair, enum side side, enum manager_event_kind kind)
{
    return feed(pair, side, (struct manager_event){.kind = kind});
}

static bool is_alive(const struct pair *pair, enum side side)
{
    return side == SIDE_OLD ? pair->is_old_alive : pair->process == PROCESS_LIVING;
}

void pair_init(struct pair *pair, const struct manager_settings *settings)
{
    manager_init(&pair->managers[SIDE_OLD], settings);
    manager_init(&pair->managers[SIDE_NEW], settings);
    pair->is_old_alive = true;
    (void)feed_kind(pair, SIDE_OLD, MANAGER_EVENT_START);
    (void)feed(pair, SIDE_OLD, (struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = 101});
    (void)feed(pair, SIDE_OLD, (struct manager_event){.kind = MANAGER_EVENT_HEARTBEAT, .pid = 101});
}

static bool play_forked(struct pair *pair)
{
    pair->process = PROCESS_LOADING;
    pair->said = WORD_NONE;
    pair->has_heard = pair->has_taken_over = pair->may_new_be_over = false;
    return feed(pair, SIDE_OLD,
                (struct manager_event){.kind = MANAGER_EVENT_UPGRADE_SPAWNED, .pid = NEW_PID});
}

static bool play_loaded(struct pair *pair)
{
    if (pair->process != PROCESS_LOADING)
        return false;
    pair->process = PROCESS_LIVING;
    return feed(pair, SIDE_NEW,
                (struct manager_event){.kind = MANAGER_EVENT_START, .pid = OLD_PID});
}

static bool play_load_failed(struct pair *pair)
{
    if (pair->process != PROCESS_LOADING)
        return false;
    excuse(pair, SIDE_NEW);
    end_new(pair);
    return true;
}

static bool play_ready(struct pair *pair)
{
    if (!pair->has_ready)
        return false;
    pair->has_ready = false;
    return feed_kind(pair, SIDE_OLD, MANAGER_EVENT_UPGRADE_READY);
}

static bool play_word(struct pair *pair)
{
    enum pair_word word = pair->word;
    if (word == WORD_NONE || pair->process != PROCESS_LIVING)
        return false;
    pair->word = WORD_NONE;
    pair->has_heard = true;
    return feed_kind(pair, SIDE_NEW,
                     word == WORD_COMMIT ? MANAGER_EVENT_UPGRADE_COMMITTED
                                         : MANAGER_EVENT_UPGRADE_ABORTED);
}

static bool play_no_word(struct pair *pair)
{
    if (pair->is_old_alive || pair->word != WORD_NONE || pair->has_heard ||
        pair->process != PROCESS_LIVING)
        return false;
    pair->has_heard = true;
    return feed_kind(pair, SIDE_NEW, MANAGER_EVENT_PREDECESSOR_GONE);
}

static bool play_broken(struct pair *pair)
{
    return pair->process == PROCESS_ENDED && !pair->has_ready &&
           feed_kind(pair, SIDE_OLD, MANAGER_EVENT_UPGRADE_FAILED);
}

static bool play_quit(struct pair *pair)
{
    if (!pair->has_quit)
        return false;
    pair->has_quit = false;
    return feed_kind(pair, SIDE_OLD, MANAGER_EVENT_STOP_GRACEFULLY);
}

static bool play_term(struct pair *pair)
{
    if (!pair->has_term || pair->process != PROCESS_LIVING)
        return false;
    pair->has_term = false;
    return feed_kind(pair, SIDE_NEW, MANAGER_EVENT_STOP_NOW);
}

static bool play_reaped(struct pair *pair)
{
    if (pair->process != PROCESS_ENDED)
        return false;
    pair->process = PROCESS_NONE;
    pair->has_ready = pair->has_taken_over = false;
    pair->said = WORD_NONE;
    return feed(
        pair, SIDE_OLD,
        (struct manager_event){
            .kind = MANAGER_EVENT_EXITED, .pid = NEW_PID, .exit_status = -1, .exit_signal = 9});
}

static bool play_outside(struct pair *pair, enum side side, enum pair_move_kind kind)
{
    if (!is_alive(pair, side))
        return false;
    excuse(pair, side);
    if (kind != PAIR_MOVE_OUTSIDE_KILL)
        return feed_kind(pair, side,
                         kind == PAIR_MOVE_OUTSIDE_QUIT ? MANAGER_EVENT_STOP_GRACEFULLY
                                                        : MANAGER_EVENT_STOP_NOW);
    if (side == SIDE_OLD)
        end_old(pair);
    else
        end_new(pair);
    return true;
}

static bool play_worker_forked(struct pair *pair, enum side side)
{
    struct manager *manager = &pair->managers[side];
    int32_t pid = 101;
    while (roster_find(&manager->roster, pid) != NULL)
        pid++;
    return manager->spawning > 0 &&
           feed(pair, side, (struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = pid});
}

static bool play_worker(struct pair *pair, struct pair_move move)
{
    const struct roster_row *rows[PAIR_ROWS_MAX] = {NULL};
    pair_order(pair, move.side, rows);
    const struct roster_row *row = rows[move.row];
    if (row == NULL)
        return false;
    bool is_serving = worker_life_is_serving(row->life);
    bool beats = move.kind == PAIR_MOVE_WORKER_BEATS;
    /* One failure after the other is for the explorer of one manager. */
    if (beats ? !is_serving : is_serving && pair->managers[move.side].backoff.failures > 0)
        return false;
    return feed(
        pair, move.side,
        (struct manager_event){.kind = beats ? MANAGER_EVENT_HEARTBEAT : MANAGER_EVENT_EXITED,
                               .pid = row->pid});
}

static bool play_pass(struct pair *pair)
{
    for (int side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (is_alive(pair, (enum side)side) && pair->managers[side].wake_us <= pair->now_us)
            return false;
    pair->now_us += QUANTUM_US;
    return true;
}

static bool play_of_old(struct pair *pair, enum pair_move_kind kind)
{
    const struct manager *old = &pair->managers[SIDE_OLD];
    if (!pair->is_old_alive)
        return false;
    if (kind == PAIR_MOVE_DEPLOY)
        return old->phase == MANAGER_RUNNING && feed_kind(pair, SIDE_OLD, MANAGER_EVENT_UPGRADE);
    if (!pair->is_forking)
        return false;
    pair->is_forking = false;
    return kind == PAIR_MOVE_FORKED ? play_forked(pair)
                                    : feed_kind(pair, SIDE_OLD, MANAGER_EVENT_UPGRADE_FAILED);
}

bool pair_play(struct pair *pair, struct pair_move move)
{
    pair->broken = INVARIANT_NONE;
    switch (move.kind) {
    case PAIR_MOVE_DEPLOY:
    case PAIR_MOVE_FORKED:
    case PAIR_MOVE_FORK_FAILED:
        return play_of_old(pair, move.kind);
    case PAIR_MOVE_LOADED:
        return play_loaded(pair);
    case PAIR_MOVE_LOAD_FAILED:
        return play_load_failed(pair);
    case PAIR_MOVE_READY:
        return play_ready(pair);
    case PAIR_MOVE_WORD:
        return play_word(pair);
    case PAIR_MOVE_NO_WORD:
        return play_no_word(pair);
    case PAIR_MOVE_BROKEN:
        return play_broken(pair);
    case PAIR_MOVE_QUIT:
        return play_quit(pair);
    case PAIR_MOVE_TERM:
        return play_term(pair);
    case PAIR_MOVE_REAPED:
        return play_reaped(pair);
    case PAIR_MOVE_OUTSIDE_QUIT:
    case PAIR_MOVE_OUTSIDE_TERM:
    case PAIR_MOVE_OUTSIDE_KILL:
        return play_outside(pair, move.side, move.kind);
    case PAIR_MOVE_WORKER_FORKED:
        return is_alive(pair, move.side) && play_worker_forked(pair, move.side);
    case PAIR_MOVE_WORKER_BEATS:
    case PAIR_MOVE_WORKER_ENDS:
        return is_alive(pair, move.side) && play_worker(pair, move);
    case PAIR_MOVE_TICK:
        return is_alive(pair, move.side) && pair->managers[move.side].wake_us <= pair->now_us &&
               feed_kind(pair, move.side, MANAGER_EVENT_TICK);
    case PAIR_MOVE_PASS:
        return play_pass(pair);
    case PAIR_MOVE_KINDS:
        break;
    }
    return false;
}
