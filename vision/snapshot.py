"""A scene's state in one file, so that a restart goes on with the same things at the same places.

Who a vehicle is from picture to picture (``Track.mover``) is not kept: after a restart a place finds its thing again by
itself, as after any outage.

A zip: ``scene.json`` with the tracks, ``arrays.npz`` with what is long in them and what the view usually shows,
``onset/N.jpg`` with the first picture of each. Onset pictures become JPEG the first time they are saved and stay that,
so saving again costs little.
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.frame import StillLost
from vision.durable import naming, write_durably
from vision.ground_scale import GroundScale
from vision.place_look import Look
from vision.place_memory import Past
from vision.records import SCHEMA_VERSION, Event, iso
from vision.scene import Scene
from vision.sightings import Sightings
from vision.stills import JpegStill, jpeg
from vision.track import Track

FORMAT = 5
"""Goes up when tracks are kept differently; what an older program left is then not gone on with."""

_COUNTS = ("frames", "faults", "unscheduled")
_TIMES = ("first_at", "last_at", "gone_at")
_OTHERWISE = ("row", "look", "descriptor", "onset", "confirmed", "judged", "sightings")
_LONG = ("rows", "sightings", "patches", "descriptors")
_PLAIN = tuple(f.name for f in fields(Track) if f.name not in _TIMES + _OTHERWISE)


def save_snapshot(path: Path, scene: Scene, extra: dict[str, Any], passing: bool = True) -> None:
    """Write atomically. ``extra``: plain values that the caller wants back. Raises ``OSError``.

    passing: whether what has hardly stood yet is saved, too. It is most of what is seen, its pictures cost the most,
    and nearly all of it drives on.
    """
    memory = io.BytesIO()
    arrays = _Arrays()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        tracks = []
        kept = [t for t in scene.tracker.tracks if passing or t.violation is not None or scene.has_stood(t)]
        for number, track in enumerate(kept):
            tracks.append(_to_dict(track, arrays))
            if track.onset is not None and track.violation is None:
                try:
                    track.onset = JpegStill(jpeg(track.onset))
                except StillLost:
                    track.onset = None
                    continue
                archive.writestr(f"onset/{number}.jpg", track.onset.data)
        state = {"format": FORMAT, "tracks": tracks, "extra": extra}
        state |= {"ground": asdict(scene.tracker.motion.scale)}
        state |= {"finished": [_to_dict(track, arrays) for track in scene.finished]}
        state |= {"past": [_past_to_dict(past, arrays) for past in scene.memory.past]}
        state |= {name: getattr(scene, name) for name in _COUNTS} | {"noise": scene.noise}
        with archive.open("arrays.npz", "w") as file:
            np.savez(file, allow_pickle=False, **arrays.joined(), **scene.quality.to_arrays(), **scene.left.to_arrays())
        archive.writestr("scene.json", json.dumps(state, ensure_ascii=False))
    with naming(path):
        write_durably(path, memory.getvalue())


def read_extra(path: Path) -> dict[str, Any] | None:
    """What the caller kept in a snapshot; None where there is none, it is damaged or another program's."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                return None
            state = json.loads(archive.read("scene.json"))
            extra: dict[str, Any] = state["extra"]
            return extra if state["format"] == FORMAT else None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error):
        return None


def load_snapshot(path: Path, scene: Scene) -> None:
    """Put the saved tracks into an empty scene."""
    with zipfile.ZipFile(path) as archive:
        state = json.loads(archive.read("scene.json"))
        kept = dict(np.load(io.BytesIO(archive.read("arrays.npz"))))
        names = set(archive.namelist())
        for name in _COUNTS:
            setattr(scene, name, state[name])
        scene.finished.extend(_from_dict(record, kept) for record in state["finished"])
        scene.noise = tuple(state["noise"])
        scene.memory.past = [_past_from_dict(record, kept) for record in state["past"]]
        scene.tracker.motion.scale = GroundScale(**state["ground"])
        scene.quality.from_arrays(kept)
        scene.left.from_arrays(kept)
        tracks = []
        for number, record in enumerate(state["tracks"]):
            if record["key"] not in scene.rules.types:
                continue  # nobody looks for it any more
            track = _from_dict(record, kept)
            if f"onset/{number}.jpg" in names:
                track.onset = JpegStill(archive.read(f"onset/{number}.jpg"))
            tracks.append(track)
        scene.tracker.add(*tracks)


class _Arrays:
    """What is long is kept in a few large arrays, with the rows of each part: as text it would take far longer."""

    def __init__(self) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _LONG}
        self._length = dict.fromkeys(_LONG, 0)

    def add(self, name: str, part: NDArray[Any] | None) -> list[int] | None:
        """The rows ``[begin, end]`` that ``part`` gets; None for nothing."""
        if part is None:
            return None
        begin = self._length[name]
        self._parts[name].append(part)
        self._length[name] += len(part)
        return [begin, self._length[name]]

    def joined(self) -> dict[str, NDArray[Any]]:
        return {name: np.concatenate(parts) for name, parts in self._parts.items() if parts}


def _part(kept: Mapping[str, NDArray[Any]], name: str, rows: list[int] | None) -> NDArray[Any] | None:
    return None if rows is None else kept[name][rows[0] : rows[1]]


def _to_dict(track: Track, arrays: _Arrays) -> dict[str, Any]:
    record = {name: getattr(track, name) for name in _PLAIN}
    record |= {name: iso(getattr(track, name)) for name in _TIMES}
    record["row"] = arrays.add("rows", track.row[None])
    record["sightings"] = arrays.add("sightings", track.sightings.rows)
    record["look"] = _look_to_dict(track.look, arrays)
    record["descriptor"] = arrays.add("descriptors", track.descriptor)
    record["violation"] = None
    if track.violation is not None:
        record["violation"] = Event(SCHEMA_VERSION, "extended", 0, track.violation, "", "", "").to_dict()
    return record


def _from_dict(record: dict[str, Any], kept: Mapping[str, NDArray[Any]]) -> Track:
    plain = {name: record[name] for name in _PLAIN}
    plain |= {name: record[name] and datetime.fromisoformat(record[name]) for name in _TIMES}
    plain |= {name: tuple(plain[name]) for name in ("first_box",)}
    sightings, row = _part(kept, "sightings", record["sightings"]), _part(kept, "rows", record["row"])
    assert row is not None
    track = Track(
        **plain,
        row=row[0],
        sightings=Sightings(sightings),
        look=_look_from_dict(record["look"], kept),
        descriptor=_part(kept, "descriptors", record["descriptor"]),
    )
    track.violation = None if record["violation"] is None else Event.from_dict(record["violation"]).violation
    track.mover, track.due_s = 0, -math.inf
    return track


def _look_to_dict(look: Look | None, arrays: _Arrays) -> dict[str, Any] | None:
    return None if look is None else {"box": look.box.tolist(), "patch": arrays.add("patches", look.patch)}


def _look_from_dict(record: dict[str, Any] | None, kept: Mapping[str, NDArray[Any]]) -> Look | None:
    patch = None if record is None else _part(kept, "patches", record["patch"])
    return None if record is None or patch is None else Look.of(np.array(record["box"]), patch)


def _past_to_dict(past: Past, arrays: _Arrays) -> dict[str, Any]:
    plain = {"violation_id": past.violation_id, "key": past.key, "ended_s": past.ended_s}
    return plain | {"box": past.box.tolist(), "look": _look_to_dict(past.look, arrays)}


def _past_from_dict(record: dict[str, Any], kept: Mapping[str, NDArray[Any]]) -> Past:
    return Past(**record | {"box": np.array(record["box"]), "look": _look_from_dict(record["look"], kept)})
