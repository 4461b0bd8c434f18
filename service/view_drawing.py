"""A view drawn for people: its zones, control points and a grid on the ground, over one picture of the camera."""

import math
import textwrap
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import Polygon

from service.city_view import View, Zone
from streams.frame import Picture
from vision.place import Ground

Colour = tuple[int, int, int]
Points = NDArray[np.float64]

WIDTH = 1280
GRID_M = 5.0
_MARGIN_M = 10.0
_LEAST_GAP = 6.0
"""Grid lines nearer to each other than this many pixels are left out: there is no ground to be read off there."""
_LINE, _WRAP = 26, 140
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _PAPER, _WHITE, _BLACK = (230, 230, 230), (32, 34, 38), (255, 255, 255), (0, 0, 0)

COLOURS: dict[str, Colour] = {  # RGB: warm where things are violations, cold where they are not
    "no_parking": (230, 40, 40),
    "sidewalk": (255, 150, 0),
    "blind_track": (255, 225, 0),
    "carriageway": (200, 80, 220),
    "door_line": (255, 90, 150),
    "watch": (170, 0, 60),
    "bay": (0, 190, 90),
    "bike_bay": (0, 200, 170),
    "allowed_trading": (130, 220, 40),
    "exempt": (40, 130, 255),
    "ignore": (140, 140, 140),
}
_ALLOWED: Colour = (40, 190, 235)


def colour_of(kind: str) -> Colour:
    return COLOURS.get(kind, _ALLOWED)


@dataclass(slots=True)
class _Sheet:
    """The picture that is drawn on, and the lines that are to stand below it.

    taken: base line, left and right end of every text in the picture.
    """

    picture: Picture
    legend: list[tuple[Colour | None, str]] = field(default_factory=list)
    taken: list[tuple[int, int, int]] = field(default_factory=list)

    def pixels(self, points: Points) -> NDArray[np.int32]:
        height, width = self.picture.shape[:2]
        return np.round(points * (width, height)).astype(np.int32)

    def text(self, words: str, x: int, y: int, colour: Colour = _WHITE, size: float = 0.5) -> None:
        """Centred at x, kept inside the picture, below what stands there already, on a dark ground of its own."""
        (width, height), below = cv2.getTextSize(words, _FONT, size, 1)
        left = min(max(x - width // 2, 5), max(self.picture.shape[1] - width - 5, 5))
        base, lowest = max(y + height // 2, height + 5), self.picture.shape[0] - below - 3
        while base < lowest and any(
            abs(base - b) < _LINE and left < r and left + width > le for b, le, r in self.taken
        ):
            base += 4
        base = min(base, lowest)
        self.taken.append((base, left - 8, left + width + 8))
        ground = self.picture[base - height - 4 : base + below + 2, left - 4 : left + width + 4]
        ground[:] = (ground * 0.25).astype(np.uint8)
        cv2.putText(self.picture, words, (left, base), _FONT, size, colour, 1, cv2.LINE_AA)


def draw_view(title: str, view: View, ground: Ground | None, picture: Picture | None, note: str = "") -> Picture:
    """``(H, W, 3)`` uint8 RGB: the picture about 1280 wide (grey without one) with the legend below it.

    title and note: printed as far as they are ASCII, since the font has no other letters.
    """
    sheet = _Sheet(_canvas(picture))
    sheet.legend.append((None, _ascii(f"{title}{'   ' + note if note else ''}")))
    if ground is not None:
        _draw_grid(sheet, ground)
    for zone in view.zones:
        _fill_zone(sheet, zone)
    for number, zone in enumerate(view.zones, 1):
        _label_zone(sheet, zone, zone.id if zone.id.isascii() else f"#{number}")
    if not view.zones:
        sheet.legend.append((None, "no zones: the whole picture counts for every type"))
    if ground is not None:
        _draw_north(sheet, ground)
        _draw_control_points(sheet, view, ground)
    return np.vstack([sheet.picture, _legend(sheet)])


def _canvas(picture: Picture | None) -> Picture:
    if picture is None:
        return np.full((WIDTH * 9 // 16, WIDTH, 3), 96, np.uint8)
    height, width = picture.shape[:2]
    way = cv2.INTER_AREA if width > WIDTH else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (WIDTH, max(1, round(height * WIDTH / width))), interpolation=way), np.uint8)


def _fill_zone(sheet: _Sheet, zone: Zone) -> None:
    colour, outline = colour_of(zone.kind), sheet.pixels(np.array(zone.polygon))
    filled = sheet.picture.copy()
    cv2.fillPoly(filled, [outline], colour)
    part = 0.6 if zone.kind == "ignore" else 0.3
    sheet.picture[:] = cv2.addWeighted(filled, part, sheet.picture, 1 - part, 0)
    cv2.polylines(sheet.picture, [outline], True, _BLACK, 4, cv2.LINE_AA)
    cv2.polylines(sheet.picture, [outline], True, colour, 2, cv2.LINE_AA)


def _label_zone(sheet: _Sheet, zone: Zone, label: str) -> None:
    inside = Polygon(zone.polygon).representative_point()
    x, y = sheet.pixels(np.array([(inside.x, inside.y)]))[0]
    sheet.text(f"{label} ({zone.kind})", int(x), int(y))
    details = [f"{label}: {zone.kind}"]
    details += [
        f"{day} {spans if isinstance(spans, str) else ' '.join(spans)}" for day, spans in (zone.hours or {}).items()
    ]
    details += [f"only {', '.join(zone.types)}"] if zone.types else []
    details += [f"permit for {', '.join(p.types)} {p.valid_from} to {p.valid_to}" for p in zone.permits]
    for key, values in zone.rules.items():
        changed = values.model_dump(exclude_none=True).items()
        details.append(f"{key} {' '.join(f'{name} {value:g}' for name, value in changed)}")
    sheet.legend.append((colour_of(zone.kind), _ascii("; ".join(details))))


def _draw_grid(sheet: _Sheet, ground: Ground) -> None:
    """Lines every 5 m east and north, as far as 10 m beyond the control points."""
    known = ground.metres
    low = np.floor((known.min(axis=0) - _MARGIN_M) / GRID_M) * GRID_M
    high = np.ceil((known.max(axis=0) + _MARGIN_M) / GRID_M) * GRID_M
    over = sheet.picture.copy()
    for axis in (0, 1):
        for at in np.arange(low[axis], high[axis] + 1, GRID_M):
            along = np.arange(low[1 - axis], high[1 - axis] + 0.1, 0.5)
            line = np.column_stack([np.full_like(along, at), along][:: 1 if axis == 0 else -1])
            beside = line + np.eye(2)[axis] * GRID_M
            here, there = _finite_pixels(sheet, ground, line), _finite_pixels(sheet, ground, beside)
            wide = np.hypot(*(here - there).T) >= _LEAST_GAP
            for a, b in zip(
                np.flatnonzero(wide[:-1] & wide[1:]), np.flatnonzero(wide[:-1] & wide[1:]) + 1, strict=True
            ):
                cv2.line(over, here[a].astype(int).tolist(), here[b].astype(int).tolist(), _WHITE, 1, cv2.LINE_AA)
    sheet.picture[:] = cv2.addWeighted(over, 0.45, sheet.picture, 0.55, 0)
    sheet.legend.append((_WHITE, f"grid: {GRID_M:g} m on the ground, the arrow points north and is {GRID_M:g} m long"))


def _draw_north(sheet: _Sheet, ground: Ground) -> None:
    start, tip = _finite_pixels(sheet, ground, np.array([[0.0, -GRID_M / 2], [0.0, GRID_M / 2]]))
    if np.isfinite([*start, *tip]).all():
        cv2.arrowedLine(
            sheet.picture, start.astype(int).tolist(), tip.astype(int).tolist(), _WHITE, 2, cv2.LINE_AA, 0, 0.15
        )
        beyond = tip + (tip - start) / max(np.hypot(*(tip - start)), 1) * 16
        sheet.text("N", int(beyond[0]), int(beyond[1]))


def _finite_pixels(sheet: _Sheet, ground: Ground, metres: Points) -> Points:
    """``(n, 2)`` pixels; NaN behind the camera and far outside the picture, where drawing would overflow."""
    height, width = sheet.picture.shape[:2]
    pixels: Points = ground.homography.invert(metres) * (width, height)
    pixels[(np.abs(pixels) > 4 * WIDTH).any(axis=1)] = math.nan
    return pixels


def _draw_control_points(sheet: _Sheet, view: View, ground: Ground) -> None:
    pixels = sheet.pixels(np.array([point.picture for point in view.control_points]))
    for number, ((x, y), residual_m) in enumerate(zip(pixels.tolist(), ground.residuals_m, strict=True), 1):
        cv2.drawMarker(sheet.picture, (x, y), _BLACK, cv2.MARKER_CROSS, 26, 5, cv2.LINE_AA)
        cv2.drawMarker(sheet.picture, (x, y), (0, 255, 255), cv2.MARKER_CROSS, 24, 2, cv2.LINE_AA)
        sheet.text(f"{number}: {residual_m:.2f} m", x, y - 22, (0, 255, 255))
    told = "  ".join(f"{n}: {r:.2f} m" for n, r in enumerate(ground.residuals_m, 1))
    sheet.legend.append(((0, 255, 255), f"control points and how far the fit misses them: {told}"))


def _legend(sheet: _Sheet) -> Picture:
    lines = [
        (colour if n == 0 else None, part, 12 if colour is None else 40)
        for colour, words in sheet.legend
        for n, part in enumerate(textwrap.wrap(words, _WRAP))
    ]
    strip = np.full((_LINE * len(lines) + 16, sheet.picture.shape[1], 3), _PAPER, np.uint8)
    for n, (colour, words, left) in enumerate(lines):
        base = 8 + n * _LINE + 19
        if colour is not None:
            cv2.rectangle(strip, (12, base - 13), (28, base + 3), colour, -1)
        cv2.putText(strip, words, (left, base), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
    return strip


def _ascii(words: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in words)
