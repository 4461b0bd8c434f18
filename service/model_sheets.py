"""Contact sheets: what a model finds, misses and imagines in test pictures, drawn by chance and not by taste."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluation.examined import Boxes, Examined, read_picture
from models.evaluation.matching import IOUS, match
from service.model_measured import TestedSet
from streams.frame import Picture

SIDE, CAPTION, TITLE, COLUMNS, MOST = 144, 16, 22, 6, 12
"""Pixels of one crop and of the lines under and above; crops in a row; crops of each kind."""
AROUND, SMALLEST = 2.0, 64.0
"""A crop shows this many times the longer side of its box, and at least so many pixels."""
BIGGEST = 60_000
"""Bytes of a sheet."""
SEED = 0
MISSED = "missed"

_LABEL, _FOUND = (40, 210, 70), (255, 140, 0)
_PAPER, _INK = 250, (30, 30, 30)


@dataclass(frozen=True, slots=True)
class Shown:
    """One crop. xyxy: the box it is about, in pixels. caption: ``0.93``, ``missed`` or ``false 0.61``."""

    examined: Examined
    xyxy: tuple[float, float, float, float]
    caption: str


@dataclass(frozen=True, slots=True)
class Cases:
    """Everything of one class in some test pictures, at IoU 0.5. false: only where all of it is labelled."""

    hits: tuple[Shown, ...]
    misses: tuple[Shown, ...]
    false: tuple[Shown, ...]


def cases(parts: Sequence[TestedSet], key: str, threshold: float) -> Cases:
    hits, misses, false = [], [], []
    for e in (e for part in parts for e in part.examined):
        truth, found = e.truth(key), e.found.of(key, threshold)
        matched = match(found.xyxy, truth, e.ignore(key), IOUS[:1])
        given = matched.truth[0]
        for i in range(len(found)):
            box, score = _corners(found.xyxy[i]), f"{found.score[i]:.2f}"
            if given[i] >= 0:
                hits.append(Shown(e, box, score))
            elif key in e.picture.labelled and not matched.ignored[0, i]:
                false.append(Shown(e, box, f"false {score}"))
        misses += [Shown(e, _corners(truth[i]), MISSED) for i in np.setdiff1d(np.arange(len(truth)), given)]
    return Cases(tuple(hits), tuple(misses), tuple(false))


def write_sheet(path: Path, told: Cases, key: str, threshold: float) -> None:
    """A WebP: up to 12 hits, below them up to 12 misses and false boxes, as far as there are any of both alike."""
    rng = np.random.default_rng(SEED)
    misses = min(len(told.misses), max(MOST // 2, MOST - len(told.false)))
    rows = [
        (f"found: {len(told.hits)}", _drawn(told.hits, MOST, rng)),
        (
            f"missed: {len(told.misses)}; false: {len(told.false)}",
            _drawn(told.misses, misses, rng) + _drawn(told.false, MOST - misses, rng),
        ),
    ]
    page = np.concatenate([_block(title, shown, key, threshold) for title, shown in rows])
    for quality in range(80, 0, -10):
        done, data = cv2.imencode(".webp", cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, quality])
        assert done
        if data.nbytes <= BIGGEST:
            break
    path.write_bytes(data.tobytes())


def _drawn(shown: Sequence[Shown], count: int, rng: np.random.Generator) -> list[Shown]:
    return [shown[int(i)] for i in sorted(rng.permutation(len(shown))[:count])]


def _block(title: str, shown: Sequence[Shown], key: str, threshold: float) -> NDArray[np.uint8]:
    rows = -(-len(shown) // COLUMNS)
    block = np.full((TITLE + rows * (SIDE + CAPTION), COLUMNS * SIDE, 3), _PAPER, np.uint8)
    _write(block, f"{key} from score {threshold:.2f} on. {title}, shown {len(shown)}", (4, 15), 0.45)
    for i, one in enumerate(shown):
        x, y = i % COLUMNS * SIDE, TITLE + i // COLUMNS * (SIDE + CAPTION)
        block[y : y + SIDE - 2, x : x + SIDE - 2] = _crop(one, key, threshold)[:-2, :-2]
        _write(block, one.caption, (x + 4, y + SIDE + 10), 0.38)
    return block


def _crop(one: Shown, key: str, threshold: float) -> Picture:
    """``(SIDE, SIDE, 3)``: labels green, found boxes orange, the box it is about drawn thicker."""
    picture = read_picture(one.examined.picture.path)
    x1, y1, x2, y2 = one.xyxy
    span = round(max(AROUND * max(x2 - x1, y2 - y1), SMALLEST))
    left, top = round((x1 + x2 - span) / 2), round((y1 + y2 - span) / 2)
    canvas = np.full((span, span, 3), 128, np.uint8)
    part = picture[max(top, 0) : max(top + span, 0), max(left, 0) : max(left + span, 0)]
    row, column = max(-top, 0), max(-left, 0)
    canvas[row : row + part.shape[0], column : column + part.shape[1]] = part
    how = cv2.INTER_AREA if span > SIDE else cv2.INTER_CUBIC
    crop = np.asarray(cv2.resize(canvas, (SIDE, SIDE), interpolation=how), np.uint8)
    _draw(crop, np.array([one.xyxy]), _LABEL if one.caption == MISSED else _FOUND, left, top, SIDE / span, 2)
    _draw(crop, one.examined.truth(key), _LABEL, left, top, SIDE / span)
    _draw(crop, one.examined.found.of(key, threshold).xyxy, _FOUND, left, top, SIDE / span)
    return crop


def _draw(
    crop: Picture, boxes: Boxes, colour: tuple[int, int, int], left: int, top: int, scale: float, width: int = 1
) -> None:
    for x1, y1, x2, y2 in ((boxes - [left, top, left, top]) * scale).round().astype(int).tolist():
        cv2.rectangle(crop, (x1, y1), (x2, y2), colour, width)


def _write(page: Picture, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)


def _corners(box: NDArray[np.float64]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
