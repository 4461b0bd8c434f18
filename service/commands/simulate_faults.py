"""Faults as they are written on the command line: ``cam001=loss:0.02@10+60``."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from streams.simulator.faults import Fault

_WHEN = re.compile(r"(?P<begin>\d+(?:\.\d+)?)(?:\+(?P<length>\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """begin_s: after the start. length_s: None until the end."""

    camera: str
    kind: Fault
    value: str | None
    begin_s: float
    length_s: float | None

    def __str__(self) -> str:
        value = "" if self.value is None else f" {self.value}"
        length = "" if self.length_s is None else f" for {self.length_s:g} s"
        return f"{self.camera} {self.kind}{value}{length}"


def planned_faults(texts: Sequence[str]) -> list[PlannedFault]:
    """In the order of their times. Raises ``ValueError`` naming the text and what is allowed."""
    return sorted(map(_planned, texts), key=lambda fault: fault.begin_s)


def _planned(text: str) -> PlannedFault:
    camera, equals, rest = text.partition("=")
    what, at, when = rest.rpartition("@")
    if not at:  # no time is given: from the start
        what, when = rest, "0"
    time = _WHEN.fullmatch(when)
    if not equals or not camera or time is None:
        raise ValueError(f"{text}: write CAMERA=KIND[:VALUE][@BEGIN[+LENGTH]], such as cam001=stall@30+20")
    kind, colon, value = what.partition(":")
    if kind not in list(Fault):
        raise ValueError(f"{text}: no fault {kind!r}; there are {', '.join(Fault)}")
    length = time["length"]
    begin_s, length_s = float(time["begin"]), float(length) if length else None
    if not math.isfinite(begin_s):
        raise ValueError(f"{text}: that is never")
    return PlannedFault(camera, Fault(kind), value if colon else None, begin_s, length_s)
