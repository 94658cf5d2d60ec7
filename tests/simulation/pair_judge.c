#include "pair.h"

#include "policy/pool.h"

static bool serves(const struct pair *pair, enum side side)
{
    bool is_alive = side == SIDE_OLD ? pair->is_old_alive : pair->process == PROCESS_LIVING;
    return is_alive && pair->managers[side].phase == MANAGER_RUNNING;
}

/* The new manager starts or asks, and has not been given up. */
static bool may_still_serve(const struct pair *pair)
{
    bool is_untried = pair->process == PROCESS_LIVING && pool_is_untried(&pair->managers[SIDE_NEW]);
    return (is_untried || pair->process == PROCESS_LOADING) && pair->said != WORD_ABORT;
}

/* Promise UPG-2: never none. */
static bool is_lost(const struct pair *pair)
{
    if (serves(pair, SIDE_OLD) || serves(pair, SIDE_NEW))
        return false;
    if (!pair->may_old_be_over)
        return true;
    /* The old one was ended from outside. Was the new one told to take over, and does not? */
    return pair->said == WORD_COMMIT && !pair->may_new_be_over && !may_still_serve(pair);
}

/* Promise UPG-2: never two, but for the time that QUIT needs. */
static bool is_double(const struct pair *pair)
{
    return serves(pair, SIDE_OLD) && serves(pair, SIDE_NEW) &&
           !(pair->has_quit && pair->said == WORD_COMMIT);
}

/* Promise PID-2. */
static bool has_right_file(const struct pair *pair)
{
    if (serves(pair, SIDE_NEW))
        return pair->file == FILE_NEW;
    if (!serves(pair, SIDE_OLD))
        return true;
    return pair->has_taken_over || pair->may_old_be_over || pair->file == FILE_OLD;
}

enum invariant pair_judge(const struct pair *pair)
{
    if (pair->broken != INVARIANT_NONE)
        return pair->broken;
    if (is_lost(pair))
        return INVARIANT_I22;
    if (is_double(pair))
        return INVARIANT_I23;
    return has_right_file(pair) ? INVARIANT_NONE : INVARIANT_I25;
}

bool pair_is_over(const struct pair *pair)
{
    bool is_new_decided = pair->process == PROCESS_NONE || serves(pair, SIDE_NEW);
    return !pair->is_old_alive && is_new_decided;
}
