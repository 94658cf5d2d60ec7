/* timeline_layout - where the rows and the labels of a picture stand.
 *
 * Pure but for its size: the caller keeps it in static storage. Lengths are in pixels of the
 * picture, which is as wide as a phone is; it may be scaled. */
#ifndef TOAD_TOOLS_TIMELINE_LAYOUT_H
#define TOAD_TOOLS_TIMELINE_LAYOUT_H

#include "tools/timeline.h"

enum {
    LAYOUT_WIDTH = 580,
    LAYOUT_LEFT = 114, /* where time begins */
    LAYOUT_RIGHT = 14, /* beside the end of time */
    LAYOUT_TOP = 34,
    LAYOUT_BAR = 14,
    LAYOUT_LANE = 14,
    LAYOUT_LANES = 4, /* of a row's labels: above its bar, and below it */
    LAYOUT_NO_LANE = 255
};

struct layout {
    const struct timeline *timeline; /* borrowed */
    double bottom;                   /* of the last row */
    double y[TIMELINE_ROWS_MAX];     /* top of the row's bar */
    double lane_end[TIMELINE_ROWS_MAX][LAYOUT_LANES];
    double beat_end[TIMELINE_ROWS_MAX];
    bool has_lane[TIMELINE_ROWS_MAX][LAYOUT_LANES];
    uint8_t lane[TIMELINE_MARKS_MAX]; /* of the mark's label; LAYOUT_NO_LANE: it has no place */
    bool is_drawn[TIMELINE_MARKS_MAX];
};

void layout_make(struct layout *layout, const struct timeline *timeline);

/* Where this time stands. */
double layout_x(const struct layout *layout, int64_t time_us);

/* The label would leave the picture to the right of its mark and stands to the left of it. */
bool layout_is_turned(double x, const char *label);

#endif
