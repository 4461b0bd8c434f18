"""What was true and what was found, camera by camera along the time, as a small SVG."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from vision.evaluation.event_matching import Matched
from vision.evaluation.happening import Happening

WIDTH, LEFT, ROW, BAR, TOP = 960, 200, 26, 8, 40
LEAST = 2.0
TRUE, FOUND, MISSED, AGAIN, FALSE = "#495057", "#2b8a3e", "#e03131", "#f08c00", "#c2255c"
LEGEND = (("true", TRUE), ("missed", MISSED), ("found", FOUND), ("found again", AGAIN), ("false alarm", FALSE))


def timeline_svg(matched: Matched) -> str:
    """A row for each camera and type: what is true above, what was found below it. Bars without an end fade out."""
    above = [(a, TRUE) for a, _ in matched.pairs] + [(a, MISSED) for a in matched.missed]
    below = [(b, FOUND) for _, b in matched.pairs]
    below += [(b, AGAIN) for _, b in matched.duplicates] + [(b, FALSE) for b in matched.false]
    drawn = [(h, colour, 0) for h, colour in above] + [(h, colour, 1) for h, colour in below]
    start, end = _extent([h for h, _, _ in drawn])
    scale = (WIDTH - LEFT - 20) / (end - start)
    rows = groupby(sorted(drawn, key=lambda d: (d[0].camera_id, d[0].key)), key=lambda d: (d[0].camera_id, d[0].key))
    parts: list[str] = []
    y = TOP
    for (camera_id, key), bars in rows:
        parts.append(f'<path d="M0 {y + ROW - 3}H{WIDTH}" stroke="#f1f3f5"/>')
        parts.append(f'<text x="8" y="{y + 15}">{escape(camera_id)} · {escape(key)}</text>')
        for h, colour, side in bars:
            x = LEFT + (h.onset_s - start) * scale
            width = max(LEAST, (min(h.end_s, end) - h.onset_s) * scale)
            open_end = ' fill-opacity="0.6"' if h.cleared_s is None else ""
            title = f"<title>{h.onset_s:.1f} s to {'open' if h.cleared_s is None else f'{h.cleared_s:.1f} s'}</title>"
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 2 + side * (BAR + 2)}" width="{width:.1f}" height="{BAR}" '
                f'fill="{colour}"{open_end}>{title}</rect>'
            )
            if h.reported_s is not None:
                at = LEFT + (h.reported_s - start) * scale
                parts.append(f'<path d="M{at:.1f} {y + 2 + side * (BAR + 2)}v{BAR}" stroke="#000"/>')
        y += ROW
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 24}"',
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{y + 24}" fill="#fff"/>',
    ]
    for number, (name, colour) in enumerate(LEGEND):
        x = LEFT + number * 110
        head.append(
            f'<rect x="{x}" y="14" width="10" height="10" fill="{colour}"/><text x="{x + 15}" y="23">{name}</text>'
        )
    foot = [
        f'<text x="{LEFT}" y="{y + 16}">{start:.0f} s</text>',
        f'<text x="{WIDTH - 20}" y="{y + 16}" text-anchor="end">{end - start:.0f} s later</text>',
    ]
    return "\n".join([*head, *parts, *foot, "</svg>\n"])


def _extent(happenings: Sequence[Happening]) -> tuple[float, float]:
    """From the first onset to the last moment that is known."""
    known = [t for h in happenings for t in (h.onset_s, h.cleared_s, h.reported_s) if t is not None]
    start, end = min(known, default=0.0), max(known, default=1.0)
    return start, max(end, start + 1.0)
