"""timeline - draws the lives of a server's processes as SVG: a bar for each, a mark for each signal that the check sent. Pure."""
from html import escape

WIDTH, LEFT, ROW, TOP = 640, 92, 18, 26
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)


def draw(watch, marks):
    """The picture, or "" if there is nothing to see. `marks` are (time, text, pid)."""
    lives = [life for life in watch.lives.values() if life.parent in watch.lives or life.pid in watch.roles]
    if watch.began is None or not lives:
        return ""
    began = watch.began
    end = max([life.ended or 0 for life in lives] + [at for at, _, _ in marks] + [life.began for life in lives]) + 0.1
    scale = (WIDTH - LEFT - 10) / (end - began)
    height = TOP + ROW * len(lives) + 8
    rows = {life.pid: TOP + ROW * number for number, life in enumerate(lives)}
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" class="timeline">'
             f'<title>{len(lives)} processes in {end - began:.1f} s</title>']
    parts += axis(end - began, scale, height)
    for life in lives:
        parts += bar(life, rows[life.pid], began, end, scale, watch)
    for at, text, pid in marks:
        if pid in rows:
            parts += sign(LEFT + (at - began) * scale, rows[pid], text)
    return "".join([*parts, "</svg>"])


def axis(seconds, scale, height):
    step = next((step for step in STEPS if seconds / step <= 12), STEPS[-1])
    for number in range(int(seconds / step) + 1):
        x = LEFT + number * step * scale
        yield (f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 6}" class="grid"/>'
               f'<text x="{x:.1f}" y="{TOP - 10}" class="tick">{number * step:g} s</text>')


def bar(life, y, began, end, scale, watch):
    x = LEFT + max(life.began - began, 0) * scale
    width = max(((life.ended or end) - life.began) * scale, 1.5)
    role = watch.roles.get(life.pid, "worker")
    ended = "" if life.ended is None else f'<text x="{x + width - 1:.1f}" y="{y + 11}" class="end">×</text>'
    yield (f'<text x="2" y="{y + 11}" class="name">{role} {life.pid}</text>'
           f'<rect x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{ROW - 6}" class="{role}"/>{ended}')


def sign(x, y, text):
    # At the right end the word stands before its line.
    place = f'x="{x - 2:.1f}" text-anchor="end"' if x > WIDTH - 40 else f'x="{x + 2:.1f}"'
    yield (f'<line x1="{x:.1f}" y1="{y}" x2="{x:.1f}" y2="{y + ROW - 2}" class="signal"/>'
           f'<text {place} y="{y + 11}" class="signal">{escape(text)}</text>')
