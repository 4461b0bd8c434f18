"""``cases.jsonl``: what several cameras saw of one thing, as one line."""

from collections.abc import Mapping, Sequence
from typing import Any

from cases.association import Association, associate
from cases.identity import case_id
from vision.records import Violation, iso


def case_lines(violations: Sequence[Violation]) -> list[dict[str, Any]]:
    """A record for each case, in the order of their onsets. Its id is made from its earliest violation's.

    The clocks of recordings are taken as they are: nobody measured them.
    """
    found = associate(violations, {})
    by_id = {v.id: v for v in violations}
    case_of = {id: case_id(group[0]) for group in found.groups for id in group}
    return [_line([by_id[id] for id in group], _proposed(group, found, case_of)) for group in found.groups]


def notes_on(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a person should know of them; nothing where every violation is a case of its own."""
    merged = [line for line in lines if len(line["violations"]) > 1]
    notes = [
        f"{len(line['violations'])} violations of {', '.join(line['cameras'])} are one case" for line in merged[:5]
    ]
    if len(merged) > 5:
        notes.append(f"{len(merged) - 5} more cases were seen by several cameras")
    proposed = sum(bool(line["may_be"]) for line in lines)
    if proposed:
        notes.append(f"{proposed} cases may be the same as another one; cases.jsonl says which (may_be)")
    return notes


def _proposed(group: Sequence[str], found: Association, case_of: Mapping[str, str]) -> list[dict[str, Any]]:
    mine = set(group)
    said: dict[str, dict[str, Any]] = {}
    for p in found.proposals:
        for one, other in ((p.first, p.second), (p.second, p.first)):
            if one in mine and other not in mine:
                said.setdefault(case_of[other], {"case": case_of[other], "metres": p.metres, "why": p.why})
    return list(said.values())


def _line(group: Sequence[Violation], may_be: list[dict[str, Any]]) -> dict[str, Any]:
    lasts = any(v.cleared_at is None for v in group)
    places = sorted((v.place for v in group if v.place is not None), key=lambda place: place.radius_m)
    return {
        "id": case_id(group[0].id),
        "key": group[0].key,
        "violations": [v.id for v in group],
        "cameras": sorted({v.camera_id for v in group}),
        "onset": iso(group[0].onset),
        "cleared_at": None if lasts else iso(max(v.cleared_at for v in group if v.cleared_at is not None)),
        "place": {"lat": places[0].lat, "lon": places[0].lon, "radius_m": places[0].radius_m} if places else None,
        "may_be": may_be,
    }
