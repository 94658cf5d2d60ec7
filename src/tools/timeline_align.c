/* The clocks of the generations: each record counts from its own start. */
#include "tools/timeline.h"

/* The new clock's zero on the old one's, if both know this moment. */
static bool tie(int64_t old_us, int64_t new_us, int64_t *ret_offset_us)
{
    if (old_us == NEVER_US || new_us == NEVER_US)
        return false;
    *ret_offset_us = old_us - new_us;
    return true;
}

/* The surest first: a word on the channel takes next to no time, a program's start does. */
static bool tie_generations(const struct timeline_ties *as_old, const struct timeline_ties *as_new,
                            int64_t *ret_offset_us)
{
    return tie(as_old->agreed_us, as_new->agreed_us, ret_offset_us) ||
           tie(as_old->refused_us, as_new->refused_us, ret_offset_us) ||
           tie(as_old->asked_us, as_new->asked_us, ret_offset_us) ||
           tie(as_old->spawned_us, as_new->spawned_us, ret_offset_us);
}

/* What the old manager says of the new one is not needed where that one speaks for itself. */
static void replace_hearsay(struct timeline *timeline, uint32_t hearsay, uint32_t row)
{
    if (hearsay == 0)
        return;
    timeline->rows[hearsay].is_hidden = true;
    for (uint32_t i = 0; i < timeline->mark_count; i++)
        if (timeline->marks[i].row == hearsay)
            timeline->marks[i].row = row;
}

/* Looks for the old one among those before; the nearest is asked first. */
static bool find_old(struct timeline *timeline, uint32_t index)
{
    struct timeline_generation *new_one = &timeline->generations[index];
    for (uint32_t i = index; i > 0; i--) {
        struct timeline_generation *old = &timeline->generations[i - 1];
        struct timeline_row *manager = &timeline->rows[old->row];
        bool may_be =
            old->successor != 0 && (manager->pid == 0 || manager->pid == new_one->predecessor);
        if (!may_be || !tie_generations(&old->as_old, &new_one->as_new, &new_one->offset_us))
            continue;
        new_one->offset_us += old->offset_us;
        manager->pid = new_one->predecessor;
        timeline->rows[new_one->row].pid = old->successor;
        old->successor = 0;
        replace_hearsay(timeline, old->hearsay, new_one->row);
        return true;
    }
    return false;
}

static int64_t shifted(int64_t time_us, int64_t offset_us)
{
    return time_us == NEVER_US ? NEVER_US : time_us + offset_us;
}

static void shift(struct timeline *timeline)
{
    for (uint32_t i = 0; i < timeline->row_count; i++) {
        struct timeline_row *row = &timeline->rows[i];
        int64_t offset_us = timeline->generations[row->generation].offset_us;
        row->born_us = shifted(row->born_us, offset_us);
        row->ready_us = shifted(row->ready_us, offset_us);
        row->leaving_us = shifted(row->leaving_us, offset_us);
        row->ended_us = shifted(row->ended_us, offset_us);
    }
    for (uint32_t i = 0; i < timeline->mark_count; i++) {
        struct timeline_mark *mark = &timeline->marks[i];
        mark->time_us += timeline->generations[mark->generation].offset_us;
    }
}

enum error timeline_align(struct timeline *timeline, struct problem *ret_problem)
{
    for (uint32_t i = 1; i < timeline->generation_count; i++) {
        const struct timeline_generation *new_one = &timeline->generations[i];
        if (!find_old(timeline, i))
            return problem_set(ret_problem, ERROR_INVALID,
                               "%s: no trace before it has made this generation, whose predecessor "
                               "is %d; the oldest must come first",
                               new_one->name, new_one->predecessor);
    }
    shift(timeline);
    for (uint32_t i = 0; i < timeline->generation_count; i++) {
        struct timeline_generation *generation = &timeline->generations[i];
        generation->last_us += generation->offset_us;
        if (generation->last_us > timeline->end_us)
            timeline->end_us = generation->last_us;
    }
    return ERROR_NONE;
}
