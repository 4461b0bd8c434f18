"""From violations and what people decided about them to pictures that teach.

Only the decided boxes are known. Whatever else is in such a picture nobody has looked at, so it neither teaches nor
counts, be it thing or background.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from labels.datasets.records import Box, LabelsError, Picture, Xyxy
from labels.datasets.yolo import picture_size
from labels.flywheel.decisions import Decision
from labels.flywheel.found import Found
from labels.violation import ViolationType

HARD = 2.0
"""Weight of a picture on which the program was mistaken: what it gets wrong is rarer than what it gets right."""

Known = dict[str, list[Xyxy]]
"""By key the places of a picture about which somebody decided."""


@dataclass(slots=True)
class DecidedPicture:
    """One evidence picture with everything that was decided about it. scene: camera and view."""

    path: Path
    name: str
    scene: str
    boxes: list[Box] = field(default_factory=list)
    look_alikes: list[Box] = field(default_factory=list)
    known: Known = field(default_factory=dict)

    @property
    def weight(self) -> float:
        return HARD if self.look_alikes else 1.0

    def picture(self) -> Picture:
        """Raises ``LabelsError`` for a picture that cannot be read."""
        return Picture(
            self.path,
            picture_size(self.path),
            tuple(self.boxes),
            scene=self.scene,
            unknown=undecided(self.known),
            look_alikes=tuple(self.look_alikes),
            labelled=frozenset(self.known),
            weight=self.weight,
        )


@dataclass(slots=True)
class Decided:
    """pictures: that teach. The rest counts decisions: confirmed, corrected, mistaken and allowed ones teach; unclear
    ones (rejected, and nobody said whether the thing was there), those without a picture and those of no violation in
    these results do not."""

    pictures: list[DecidedPicture]
    confirmed: int = 0
    corrected: int = 0
    mistaken: int = 0
    allowed: int = 0
    unclear: int = 0
    without_picture: int = 0
    not_found: int = 0


def decide(found: Iterable[Found], decisions: Mapping[str, Decision], types: Mapping[str, ViolationType]) -> Decided:
    """Violations confirmed at the same moment share their picture. Raises ``LabelsError`` for a type that the catalogue
    does not have."""
    pictures: dict[str, DecidedPicture] = {}
    done = Decided([])
    by_id = {violation.id: violation for violation in found}
    for violation_id, decision in decisions.items():
        violation = by_id.get(violation_id)
        if violation is None:
            done.not_found += 1
        elif violation.picture is None:
            done.without_picture += 1
        elif violation.key not in types:
            raise LabelsError(f"violation {violation.id}: its type {violation.key!r} is none of {', '.join(types)}")
        elif decision.verdict == "rejected" and _unclear(decision, types[violation.key]):
            done.unclear += 1
        else:
            digest = hashlib.sha256(violation.picture.read_bytes()).hexdigest()
            scene = f"{violation.camera}/{violation.view}"
            # Two cameras never send the same bytes, but one recording may have been scored under two names.
            one = pictures.setdefault(
                digest, DecidedPicture(violation.picture, f"{_plain(scene)}-{digest[:12]}.jpg", scene)
            )
            _add(one, violation, decision, done)
    done.pictures = sorted(pictures.values(), key=lambda p: p.name)
    return done


def _unclear(decision: Decision, kind: ViolationType) -> bool:
    """Where a place or a permit makes the violation, a rejection alone does not say that the thing was not there."""
    return decision.reason is None and bool(kind.rule.where or kind.rule.exempt)


def _add(picture: DecidedPicture, violation: Found, decision: Decision, done: Decided) -> None:
    if decision.verdict == "rejected" and decision.reason != "allowed":
        done.mistaken += 1
        picture.look_alikes.append(Box(violation.key, violation.xyxy, weight=HARD))
        picture.known.setdefault(violation.key, []).append(violation.xyxy)
        return
    key = decision.key or violation.key
    if key != violation.key:
        done.corrected += 1
        picture.look_alikes.append(Box(violation.key, violation.xyxy, weight=HARD))
        picture.known.setdefault(violation.key, []).append(violation.xyxy)
    elif decision.verdict == "rejected":
        done.allowed += 1
    else:
        done.confirmed += 1
    picture.boxes.append(Box(key, violation.xyxy))
    picture.known.setdefault(key, []).append(violation.xyxy)


def undecided(known: Known) -> tuple[tuple[Xyxy, str], ...]:
    """Of each key the rest of the picture: a place judged for one key says nothing of another."""
    return tuple((region, key) for key, places in known.items() for region in outside(places))


def outside(places: Iterable[Xyxy]) -> list[Xyxy]:
    """Rectangles that together are the picture without the places: bands from edge to edge of the places, and in each
    band what lies between them."""
    kept = [place for place in places if place[2] > place[0] and place[3] > place[1]]
    ys = sorted({0.0, 1.0, *(y for place in kept for y in (place[1], place[3]))})
    found: list[Xyxy] = []
    for top, bottom in pairwise(ys):
        reached = 0.0
        for x1, y1, x2, y2 in sorted(kept):
            if y1 <= top and bottom <= y2:
                if x1 > reached:
                    found.append((reached, top, x1, bottom))
                reached = max(reached, x2)
        if reached < 1.0:
            found.append((reached, top, 1.0, bottom))
    return found


def _plain(scene: str) -> str:
    return re.sub(r"[^\w.-]+", "-", scene)
