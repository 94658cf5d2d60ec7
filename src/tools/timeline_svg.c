#include "tools/timeline_svg.h"

#include "tools/svg.h"
#include "tools/timeline_layout.h"
#include "tools/timeline_scale.h"

#include <inttypes.h>
#include <signal.h>

static const char head[] =
    "<style>text{font:13px sans-serif;fill:#000}.m{font-weight:bold}.l{font-size:12px;"
    "paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}"
    ".b,.n,.s,.h,.d{stroke:#000}.n{fill:#fff}.s{fill:#ccc}.d{fill:#555}.h{fill:url(#h)}"
    ".g{stroke:#ccc}.t{stroke:#000;stroke-dasharray:4 3}.o{fill:#fff;stroke:#000;stroke-width:1.2}"
    ".x{stroke:#000;stroke-width:2}</style>\n"
    "<defs><pattern id=\"h\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"#fff\"/>"
    "<path d=\"M0 0V5\" stroke=\"#000\" stroke-width=\"2\"/></pattern></defs>\n";

static double seconds(int64_t time_us)
{
    return (double)time_us / (double)SECOND_US;
}

static const char *noun(const struct timeline_row *row)
{
    return row->is_manager ? "manager" : "worker";
}

static void write_name(FILE *stream, const struct timeline_row *row)
{
    (void)fputs(noun(row), stream);
    if (row->pid != 0)
        (void)fprintf(stream, " %" PRId32, row->pid);
}

static int64_t end_of(const struct timeline *timeline, const struct timeline_row *row)
{
    return row->ended_us != NEVER_US ? row->ended_us
                                     : timeline->generations[row->generation].last_us;
}

static void write_phase(FILE *stream, const struct layout *layout, const struct timeline_row *row,
                        const char *style, int64_t from_us, int64_t to_us)
{
    double y = layout->y[row - layout->timeline->rows];
    double from = layout_x(layout, from_us);
    double width = layout_x(layout, to_us) - from;
    if (from_us == NEVER_US || to_us < from_us)
        return;
    (void)fprintf(stream, "<rect class=\"%s\" x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%d\"/>",
                  style, from, y, width, LAYOUT_BAR);
}

static int64_t least(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static void write_life(FILE *stream, const struct layout *layout, const struct timeline_row *row)
{
    int64_t end_us = end_of(layout->timeline, row);
    int64_t leaving_us = least(row->leaving_us, end_us);
    write_phase(stream, layout, row, "n", row->born_us, least(row->ready_us, leaving_us));
    if (row->ready_us < leaving_us)
        write_phase(stream, layout, row, row->is_manager ? "d" : "s", row->ready_us, leaving_us);
    if (row->leaving_us < end_us)
        write_phase(stream, layout, row, "h", row->leaving_us, end_us);
}

static void write_bar_title(FILE *stream, const struct layout *layout,
                            const struct timeline_row *row)
{
    (void)fputs("<title>", stream);
    write_name(stream, row);
    if (!row->is_hearsay)
        (void)fprintf(stream, ", generation %" PRIu32, row->generation + 1);
    (void)fprintf(stream, ": from %.3f s", seconds(row->born_us));
    if (row->ready_us != NEVER_US)
        (void)fprintf(stream, ", serves from %.3f s", seconds(row->ready_us));
    if (row->leaving_us != NEVER_US)
        (void)fprintf(stream, ", leaves from %.3f s", seconds(row->leaving_us));
    if (row->ended_us == NEVER_US)
        (void)fprintf(stream, ", lives at the end of the record, %.3f s",
                      seconds(end_of(layout->timeline, row)));
    else if (row->signal != 0)
        (void)fprintf(stream, ", ended at %.3f s by signal %" PRId32, seconds(row->ended_us),
                      row->signal);
    else
        (void)fprintf(stream, ", ended at %.3f s with status %" PRId32, seconds(row->ended_us),
                      row->status);
    (void)fputs("</title>", stream);
}

/* A bar's end: a cross for one that was ended by a signal, an arrow for one that goes on. */
static void write_end(FILE *stream, const struct layout *layout, const struct timeline_row *row)
{
    double y = layout->y[row - layout->timeline->rows] + LAYOUT_BAR / 2.0;
    double x = layout_x(layout, end_of(layout->timeline, row));
    if (row->ended_us == NEVER_US)
        (void)fprintf(stream, "<path d=\"M%.1f %.0fl6 7l-6 7z\"/>", x, y - 7);
    else if (row->signal != 0)
        (void)fprintf(stream, "<path class=\"x\" d=\"M%.1f %.0fl8 8m0-8l-8 8\"/>", x - 4, y - 4);
}

static void write_row(FILE *stream, const struct layout *layout, uint32_t index)
{
    const struct timeline_row *row = &layout->timeline->rows[index];
    double y = layout->y[index];
    (void)fputs("<g>", stream);
    write_bar_title(stream, layout, row);
    (void)fprintf(stream, "<text%s x=\"%d\" y=\"%.0f\">", row->is_manager ? " class=\"m\"" : "",
                  row->is_manager ? 2 : 10, y + 12);
    write_name(stream, row);
    (void)fputs("</text>", stream);
    write_life(stream, layout, row);
    write_end(stream, layout, row);
    (void)fputs("</g>\n", stream);
}

static void write_mark_title(FILE *stream, const struct timeline *timeline,
                             const struct timeline_mark *mark)
{
    const struct timeline_row *row = &timeline->rows[mark->row];
    (void)fputs("<title>", stream);
    write_name(stream, row);
    switch (mark->kind) {
    case TIMELINE_BEAT:
        (void)fputs(": heartbeat", stream);
        break;
    case TIMELINE_FAREWELL:
        (void)fputs(": heartbeat, is leaving", stream);
        break;
    case TIMELINE_SENT:
        if (mark->pid != row->pid)
            (void)fprintf(stream, ": sends %s to %" PRId32, mark->label, mark->pid);
        else
            (void)fprintf(stream, ": is sent %s", mark->label);
        break;
    case TIMELINE_GOT:
        (void)fprintf(stream, ": gets %s", mark->label);
        break;
    case TIMELINE_FAILED:
        (void)fprintf(stream, ": failure, %s", mark->label);
        break;
    case TIMELINE_STAGE:
        (void)fprintf(stream, ": %s", mark->label);
        if (mark->pid != 0)
            (void)fprintf(stream, ", manager %" PRId32, mark->pid);
        break;
    }
    (void)fprintf(stream, " at %.3f s", seconds(mark->time_us));
    if (mark->promise[0] != '\0') {
        (void)fputs(" (promise ", stream);
        svg_text(stream, mark->promise);
        (void)fputs(")", stream);
    }
    (void)fputs("</title>", stream);
}

/* Beside its label, the size of a letter; `y` is the label's baseline. */
static void write_glyph(FILE *stream, const struct timeline_mark *mark, double x, double y,
                        bool is_above)
{
    double tip = is_above ? y + 2 : y - 10;
    int back = is_above ? -9 : 9;
    if (mark->kind == TIMELINE_SENT || mark->kind == TIMELINE_GOT)
        (void)fprintf(stream, "<path%s d=\"M%.1f %.0fl-4 %dh8z\"/>",
                      mark->kind == TIMELINE_GOT ? " class=\"o\"" : "", x, tip, back);
    else if (mark->kind == TIMELINE_FAILED)
        (void)fprintf(stream, "<path class=\"x\" d=\"M%.1f %.0fl7 7m0-7l-7 7\"/>", x - 3.5, y - 7);
    else
        (void)fprintf(stream, "<path d=\"M%.1f %.0fl4 4l-4 4l-4-4z\"/>", x, y - 8);
}

static void write_label(FILE *stream, const struct layout *layout, uint32_t index)
{
    const struct timeline_mark *mark = &layout->timeline->marks[index];
    double x = layout_x(layout, mark->time_us);
    uint8_t lane = layout->lane[index];
    double bar = layout->y[mark->row];
    double y = lane == 0 ? bar - 4 : bar + LAYOUT_BAR + LAYOUT_LANE * lane;
    bool is_turned = layout_is_turned(x, mark->label);
    (void)fprintf(stream, "<path class=\"b\" d=\"M%.1f %.0fv%d\"/>", x, bar, LAYOUT_BAR);
    if (lane == LAYOUT_NO_LANE)
        return;
    write_glyph(stream, mark, x, y, lane == 0);
    (void)fprintf(stream, "<text class=\"l\" x=\"%.1f\" y=\"%.0f\"%s>%s</text>",
                  is_turned ? x - 6 : x + 6, y, is_turned ? " text-anchor=\"end\"" : "",
                  mark->label);
}

static void write_mark(FILE *stream, const struct layout *layout, uint32_t index)
{
    const struct timeline_mark *mark = &layout->timeline->marks[index];
    (void)fputs("<g>", stream);
    write_mark_title(stream, layout->timeline, mark);
    if (mark->kind == TIMELINE_BEAT || mark->kind == TIMELINE_FAREWELL)
        (void)fprintf(stream, "<path class=\"b\" d=\"M%.1f %.0fv6\"/>",
                      layout_x(layout, mark->time_us), layout->y[mark->row] + LAYOUT_BAR - 1);
    else
        write_label(stream, layout, index);
    (void)fputs("</g>\n", stream);
}

static uint32_t count_rows(const struct timeline *timeline, bool of_managers)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < timeline->row_count; i++)
        count += !timeline->rows[i].is_hidden && timeline->rows[i].is_manager == of_managers;
    return count;
}

static void write_head(FILE *stream, const struct layout *layout)
{
    const struct timeline *timeline = layout->timeline;
    double height = scale_height(layout);
    (void)fprintf(
        stream,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" role=\"img\">\n"
        "<title>Timeline of a server</title>\n<desc>Traces:",
        LAYOUT_WIDTH, height);
    for (uint32_t i = 0; i < timeline->generation_count; i++) {
        (void)fputc(' ', stream);
        svg_text(stream, timeline->generations[i].name);
    }
    (void)fputs("</desc>\n", stream);
    (void)fputs(head, stream);
    (void)fprintf(stream, "<rect width=\"%d\" height=\"%.0f\" fill=\"#fff\"/>\n", LAYOUT_WIDTH,
                  height);
    (void)fprintf(
        stream,
        "<text class=\"m\" x=\"2\" y=\"16\">Managers: %" PRIu32 ", workers: %" PRIu32 ", %.3f s",
        count_rows(timeline, true), count_rows(timeline, false), seconds(timeline->end_us));
    if (timeline->dropped > 0)
        (void)fprintf(stream, " (without %ju rows and marks)", (uintmax_t)timeline->dropped);
    (void)fputs("</text>\n", stream);
}

void timeline_draw(const struct timeline *timeline, FILE *stream)
{
    static struct layout layout; /* large */
    layout_make(&layout, timeline);
    write_head(stream, &layout);
    scale_write_grid(stream, &layout);
    for (uint32_t i = 0; i < timeline->row_count; i++)
        if (!timeline->rows[i].is_hidden)
            write_row(stream, &layout, i);
    scale_write_takeovers(stream, &layout);
    for (uint32_t i = 0; i < timeline->mark_count; i++)
        if (layout.is_drawn[i])
            write_mark(stream, &layout, i);
    scale_write_legend(stream, &layout);
    (void)fputs("</svg>\n", stream);
}
