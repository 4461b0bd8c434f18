"""A scene's state in one file, so that a restart goes on with the same things at the same places.

A zip: ``scene.json`` with the tracks, ``onset/N.jpg`` with the first picture of each. Onset pictures become JPEG the
first time they are saved and stay that, so saving again costs little.
"""

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from streams.frame import StillLost
from vision.durable import write_durably
from vision.records import SCHEMA_VERSION, Event, iso
from vision.scene import Scene
from vision.stills import JpegStill, jpeg
from vision.track import Track

_PLAIN = (
    "key first_s last_s size seen missed misses gone_s score_sum strong qualifying_s zone_id kept_from sightings every"
    " next_extension_s first_box"
).split()
_TIMES = ("first_at", "last_at", "gone_at")


def save_snapshot(path: Path, scene: Scene, extra: dict[str, Any]) -> None:
    """Write atomically. ``extra``: plain values that the caller wants back. Raises ``OSError``."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        tracks = []
        for number, track in enumerate(scene.tracker.tracks):
            tracks.append(_to_dict(track))
            if track.onset is not None and track.violation is None:
                try:
                    track.onset = JpegStill(jpeg(track.onset))
                except StillLost:
                    track.onset = None
                    continue
                archive.writestr(f"onset/{number}.jpg", track.onset.data)
        state = {"tracks": tracks, "frames": scene.frames, "dark": scene.dark, "extra": extra}
        archive.writestr("scene.json", json.dumps(state, ensure_ascii=False))
    write_durably(path, memory.getvalue())


def read_extra(path: Path) -> dict[str, Any] | None:
    """What the caller kept in a snapshot; None where there is none or it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            extra: dict[str, Any] = json.loads(archive.read("scene.json"))["extra"]
            return extra
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def load_snapshot(path: Path, scene: Scene) -> None:
    """Put the saved tracks into an empty scene."""
    with zipfile.ZipFile(path) as archive:
        state = json.loads(archive.read("scene.json"))
        names = set(archive.namelist())
        scene.frames, scene.dark = state["frames"], state["dark"]
        for number, record in enumerate(state["tracks"]):
            track = _from_dict(record)
            if f"onset/{number}.jpg" in names:
                track.onset = JpegStill(archive.read(f"onset/{number}.jpg"))
            scene.tracker.tracks.append(track)


def _to_dict(track: Track) -> dict[str, Any]:
    record = {name: getattr(track, name) for name in _PLAIN}
    record |= {name: iso(getattr(track, name)) for name in _TIMES}
    record["box"] = track.box.tolist()
    record["descriptor"] = None if track.descriptor is None else np.round(track.descriptor, 5).tolist()
    record["violation"] = None
    if track.violation is not None:
        record["violation"] = Event(SCHEMA_VERSION, "extended", 0, track.violation, "", "", "").to_dict()
    return record


def _from_dict(record: dict[str, Any]) -> Track:
    plain = {name: record[name] for name in _PLAIN}
    plain |= {name: record[name] and datetime.fromisoformat(record[name]) for name in _TIMES}
    plain["size"], plain["first_box"] = tuple(plain["size"]), tuple(plain["first_box"])
    plain["sightings"] = [tuple(s) for s in plain["sightings"]]
    described = record["descriptor"]
    return Track(
        **plain,
        box=np.array(record["box"]),
        descriptor=None if described is None else np.array(described, np.float32),
        violation=None if record["violation"] is None else Event.from_dict(record["violation"]).violation,
    )
