#include "tools/timeline_layout.h"

#include <string.h>

/* A label's letters are about as wide, and its mark is. */
#define LETTER 6.9
#define GLYPH 13.0
/* Heartbeats nearer than this are one line. */
#define BEAT_DISTANCE 2.0

double layout_x(const struct layout *layout, int64_t time_us)
{
    double end_us = (double)(layout->timeline->end_us > 0 ? layout->timeline->end_us : 1);
    double part = (double)time_us / end_us;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return LAYOUT_LEFT + part * (LAYOUT_WIDTH - LAYOUT_LEFT - LAYOUT_RIGHT);
}

static double label_width(const char *label)
{
    return GLYPH + LETTER * (double)strlen(label);
}

bool layout_is_turned(double x, const char *label)
{
    return x + label_width(label) > LAYOUT_WIDTH;
}

static uint8_t find_lane(struct layout *layout, const struct timeline_mark *mark)
{
    double x = layout_x(layout, mark->time_us);
    double width = label_width(mark->label);
    double begin = layout_is_turned(x, mark->label) ? x - width : x - GLYPH / 2;
    for (uint32_t lane = 0; lane < LAYOUT_LANES; lane++) {
        double *lane_end = &layout->lane_end[mark->row][lane];
        if (*lane_end > begin)
            continue;
        *lane_end = begin + width;
        layout->has_lane[mark->row][lane] = true;
        return (uint8_t)lane;
    }
    return LAYOUT_NO_LANE;
}

static void place_mark(struct layout *layout, uint32_t index)
{
    const struct timeline_mark *mark = &layout->timeline->marks[index];
    bool is_beat = mark->kind == TIMELINE_BEAT || mark->kind == TIMELINE_FAREWELL;
    layout->is_drawn[index] = true;
    layout->lane[index] = LAYOUT_NO_LANE;
    if (!is_beat) {
        layout->lane[index] = find_lane(layout, mark);
        return;
    }
    double x = layout_x(layout, mark->time_us);
    layout->is_drawn[index] = x >= layout->beat_end[mark->row];
    if (layout->is_drawn[index])
        layout->beat_end[mark->row] = x + BEAT_DISTANCE;
}

static void place_rows(struct layout *layout)
{
    double y = LAYOUT_TOP;
    for (uint32_t i = 0; i < layout->timeline->row_count; i++) {
        const bool *has_lane = layout->has_lane[i];
        if (layout->timeline->rows[i].is_hidden)
            continue;
        if (layout->timeline->rows[i].is_manager && i > 0)
            y += 10;
        y += has_lane[0] ? LAYOUT_LANE : 2;
        layout->y[i] = y;
        y += LAYOUT_BAR + 6;
        for (uint32_t lane = 1; lane < LAYOUT_LANES; lane++)
            y += has_lane[lane] ? LAYOUT_LANE : 0;
    }
    layout->bottom = y;
}

void layout_make(struct layout *layout, const struct timeline *timeline)
{
    layout->timeline = timeline;
    memset(layout->has_lane, 0, sizeof layout->has_lane);
    for (uint32_t i = 0; i < timeline->row_count; i++) {
        layout->beat_end[i] = 0;
        for (uint32_t lane = 0; lane < LAYOUT_LANES; lane++)
            layout->lane_end[i][lane] = 0;
    }
    for (uint32_t i = 0; i < timeline->mark_count; i++)
        place_mark(layout, i);
    place_rows(layout);
}
