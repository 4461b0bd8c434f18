"""Figures of event quality: what an operator feels of a system, as numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vision.evaluation.event_matching import Matched
from vision.evaluation.happening import Account, Happening

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class EventFigures:
    """tp, missed: true events found and not. fp: found ones that show nothing true. duplicates: further ones of one.

    delay_s: reported after the true onset. onset_error_s, clearing_error_s: found minus true, where both are known.
    outages_spanned: found events during which their camera was cut off; fragmented: those of them that were found again
    as another one afterwards. observed_days: camera-days watched, None where nobody said.
    """

    tp: int
    missed: int
    fp: int
    duplicates: int
    delay_s: tuple[float, ...]
    onset_error_s: tuple[float, ...]
    clearing_error_s: tuple[float, ...]
    outages_spanned: int
    fragmented: int
    observed_days: float | None

    @property
    def precision(self) -> float | None:
        """Of what was reported, duplicates left aside, how much is true; None where nothing was reported."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        return self.tp / (self.tp + self.missed) if self.tp + self.missed else None

    @property
    def f1(self) -> float | None:
        reported = 2 * self.tp + self.fp + self.missed
        return 2 * self.tp / reported if reported else None

    @property
    def fa_per_camera_day(self) -> float | None:
        return self.fp / self.observed_days if self.observed_days else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; None where nothing can be said."""
        return {
            "tp": self.tp,
            "missed": self.missed,
            "fp": self.fp,
            "duplicates": self.duplicates,
            "precision": _rounded(self.precision, 4),
            "recall": _rounded(self.recall, 4),
            "f1": _rounded(self.f1, 4),
            "delay_p50_s": _percentile(self.delay_s, 50),
            "delay_p95_s": _percentile(self.delay_s, 95),
            "fa_per_camera_day": _rounded(self.fa_per_camera_day, 3),
            "duplicates_per_event": _rounded(self.duplicates / self.tp if self.tp else None, 4),
            "onset_error_p50_s": _percentile(np.abs(self.onset_error_s), 50),
            "clearing_error_p50_s": _percentile(np.abs(self.clearing_error_s), 50),
            "outages_spanned": self.outages_spanned,
            "fragmented": self.fragmented,
            "camera_days": _rounded(self.observed_days, 4),
        }


def figures(matched: Matched, truth: Account) -> EventFigures:
    """All figures of one matching."""
    pairs = matched.pairs
    spanned, fragmented = _outages(matched, truth)
    return EventFigures(
        tp=len(pairs),
        missed=len(matched.missed),
        fp=len(matched.false),
        duplicates=len(matched.duplicates),
        delay_s=tuple(b.reported_s - a.onset_s for a, b in pairs if b.reported_s is not None),
        onset_error_s=tuple(b.onset_s - a.onset_s for a, b in pairs),
        clearing_error_s=tuple(
            b.cleared_s - a.cleared_s for a, b in pairs if a.cleared_s is not None and b.cleared_s is not None
        ),
        outages_spanned=spanned,
        fragmented=fragmented,
        observed_days=_camera_days(truth),
    )


def _outages(matched: Matched, truth: Account) -> tuple[int, int]:
    spanned = fragmented = 0
    again: dict[int, list[Happening]] = {}
    for a, b in matched.duplicates:
        again.setdefault(id(a), []).append(b)
    for a, _ in matched.pairs:
        cut = [o for o in truth.outages if o[0] == a.camera_id and a.onset_s < o[1] and o[2] < a.end_s]
        spanned += bool(cut)
        fragmented += any(b.onset_s >= start for b in again.get(id(a), ()) for _, start, _ in cut)
    return spanned, fragmented


def _camera_days(truth: Account) -> float | None:
    if not truth.observed:
        return None
    return sum(end - start for _, start, end in truth.observed) / DAY_S


def _percentile(values: Iterable[float], percent: float) -> float | None:
    known: Sequence[float] = list(values)
    return round(float(np.percentile(known, percent)), 3) if len(known) else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
