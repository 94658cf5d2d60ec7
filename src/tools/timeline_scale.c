#include "tools/timeline_scale.h"

enum {
    STEPS_MAX = 9, /* of the axis */
    AXIS_HEIGHT = 22,
    LEGEND_HEIGHT = 62
};

double scale_height(const struct layout *layout)
{
    return layout->bottom + AXIS_HEIGHT + LEGEND_HEIGHT;
}

/* 1, 2 or 5 of a power of ten, and not more than STEPS_MAX of them. */
static int64_t step_us(int64_t end_us)
{
    static const int64_t factors[] = {2, 5, 10};
    int64_t power_us = 1000;
    int64_t step = power_us;
    for (int i = 0; end_us / step >= STEPS_MAX; i++) {
        step = power_us * factors[i % 3];
        if (i % 3 == 2)
            power_us *= 10;
    }
    return step;
}

void scale_write_grid(FILE *stream, const struct layout *layout)
{
    int64_t end_us = layout->timeline->end_us;
    int64_t step = step_us(end_us);
    for (int64_t time_us = 0; time_us <= end_us; time_us += step) {
        double x = layout_x(layout, time_us);
        (void)fprintf(stream,
                      "<path class=\"g\" d=\"M%.1f 24V%.0f\"/>"
                      "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%.*f</text>\n",
                      x, layout->bottom, x, layout->bottom + 14,
                      step < MILLISECOND_US * 10    ? 3
                      : step < MILLISECOND_US * 100 ? 2
                      : step < SECOND_US            ? 1
                                                    : 0,
                      (double)time_us / (double)SECOND_US);
    }
    (void)fprintf(stream,
                  "<path class=\"b\" d=\"M%d %.0fH%d\"/><text x=\"2\" y=\"%.0f\">seconds</text>\n",
                  LAYOUT_LEFT, layout->bottom, LAYOUT_WIDTH - LAYOUT_RIGHT, layout->bottom + 14);
}

void scale_write_takeovers(FILE *stream, const struct layout *layout)
{
    const struct timeline *timeline = layout->timeline;
    for (uint32_t i = 0; i < timeline->generation_count; i++) {
        const struct timeline_generation *generation = &timeline->generations[i];
        int64_t ready_us = timeline->rows[generation->row].ready_us;
        if (generation->predecessor != 0 && ready_us != NEVER_US)
            (void)fprintf(stream, "<path class=\"t\" d=\"M%.1f 24V%.0f\"/>\n",
                          layout_x(layout, ready_us), layout->bottom);
    }
}

/* One sign and its meaning; the sign stands within 14 pixels. */
struct sign {
    int x;
    int line;
    const char *sign;
    const char *meaning;
};

static const struct sign signs[] = {
    {2, 0, "<rect class=\"n\" y=\"-10\" width=\"13\" height=\"11\"/>", "starts"},
    {72, 0, "<rect class=\"s\" y=\"-10\" width=\"13\" height=\"11\"/>", "serves"},
    {146, 0, "<rect class=\"d\" y=\"-10\" width=\"13\" height=\"11\"/>", "serves, manager"},
    {280, 0, "<rect class=\"h\" y=\"-10\" width=\"13\" height=\"11\"/>", "leaves"},
    {354, 0, "<path d=\"M4-10l6 6l-6 6z\"/>", "lives on"},
    {440, 0, "<path class=\"b\" d=\"M7-8v8\"/>", "heartbeat"},
    {2, 1, "<path d=\"M7 0l-4-9h8z\"/>", "signal sent to it"},
    {146, 1, "<path class=\"o\" d=\"M7 0l-4-9h8z\"/>", "signal that it got"},
    {280, 1, "<path class=\"x\" d=\"M3-8l7 7m0-7l-7 7\"/>", "failure, or death by a signal"},
    {2, 2, "<path d=\"M7-9l4 4l-4 4l-4-4z\"/>", "stage of a start or of a deployment"},
    {280, 2, "<path class=\"t\" d=\"M7-11v14\"/>", "the new generation takes over"},
};

void scale_write_legend(FILE *stream, const struct layout *layout)
{
    double y = layout->bottom + AXIS_HEIGHT + 14;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        (void)fprintf(stream,
                      "<g transform=\"translate(%d %.0f)\">%s<text x=\"18\">%s</text></g>\n",
                      signs[i].x, y + 18 * signs[i].line, signs[i].sign, signs[i].meaning);
}
