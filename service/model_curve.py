"""The learning curve of a training as a small SVG."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BELOW, RIGHT = 640, 240, 44, 30, 90
LOSSES = {
    "cls_loss": ("what it is", "#d9480f"),
    "box_loss": ("where it is", "#1864ab"),
    "dfl_loss": ("edges", "#5f3dc4"),
}


def curve_svg(curve: Sequence[Mapping[str, float]]) -> str:
    """curve: lines as training writes them, ``stage``, ``step`` and losses. Stages stand one behind the other."""
    steps = _in_one_row(curve)
    names = [name for name in LOSSES if curve and all(name in line for line in curve)]
    top = max((line[name] for line in curve for name in names), default=1.0) or 1.0
    last = max(steps, default=1.0) or 1.0
    x = [LEFT + (WIDTH - LEFT - RIGHT) * step / last for step in steps]
    floor = HEIGHT - BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="M{LEFT} 10V{floor}H{WIDTH - RIGHT}" fill="none" stroke="#868e96"/>',
        f'<text x="{LEFT - 4}" y="16" text-anchor="end">{top:.2f}</text>',
        f'<text x="{LEFT - 4}" y="{floor}" text-anchor="end">0</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">{last:.0f} steps</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 10}">loss</text>',
    ]
    for name in names:
        said, colour = LOSSES[name]
        y = [floor - (floor - 10) * line[name] / top for line in curve]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 4}" y="{y[-1] + 4:.1f}" fill="{colour}">{escape(said)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _in_one_row(curve: Sequence[Mapping[str, float]]) -> list[float]:
    steps: list[float] = []
    before = 0.0
    for earlier, line in zip([None, *curve], curve, strict=False):
        if earlier is not None and line["stage"] != earlier["stage"]:
            before = steps[-1]
        steps.append(before + line["step"])
    return steps
