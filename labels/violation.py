"""What a violation is, as data: plain frozen records that import only the standard library.

Durations are seconds. The values live in ``violations.yaml``; nothing here knows a particular type.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """When a thing that stays becomes a violation, and when the violation is over.

    dwell_s: how long the thing must stay at one place.
    absence_s: how long its place must be seen without it before the violation counts as cleared.
    share: part of the observations in which the place could be seen that must show the thing, in (0, 1].
    where: kinds of zone in which it is a violation; the whole picture where a view has none of them.
    exempt: kinds of zone in which it is not.
    """

    dwell_s: float
    absence_s: float
    share: float
    where: tuple[str, ...]
    exempt: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """How much of the recording goes into the clip: seconds before and after the moment of confirmation."""

    pre_s: float
    post_s: float


@dataclass(frozen=True, slots=True)
class ViolationType:
    """One of the types that a city handles.

    gb_new: event code of GB/T 47678.5-2026 as transcribed by a third party, None where there is none.
    gb_old: event code of GB/T 30428.2-2013, None where there is none.
    gb_note: what is local or inherited about the codes, and further codes that fall under the type.
    on_ground: whether the thing stands on the ground, so that the bottom centre of its box is its ground point.
    family: the types that detectors take for one another; what stands at one place is one of them. None for its own.
    """

    key: str
    zh: str
    en: str
    gb_new: str | None
    gb_old: str | None
    gb_note: str
    seen: str
    on_ground: bool
    family: str | None
    rule: Rule
    evidence: EvidenceRule


@dataclass(frozen=True, slots=True)
class AuxiliaryClass:
    """A class that is no violation but helps to judge one: a person, a bin."""

    key: str
    zh: str
    en: str
