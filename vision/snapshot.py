"""A scene's state in one file, so that a restart goes on with the same things at the same places.

Who a vehicle is from picture to picture (``Track.mover``) and where it stood still (``home``) is not kept: after a
restart a place finds its thing again by itself, as after any outage.

A zip: ``scene.json`` with the tracks, ``onset/N.jpg`` with the first picture of each. Onset pictures become JPEG the
first time they are saved and stay that, so saving again costs little.
"""

import io
import json
import zipfile
import zlib
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from streams.frame import StillLost
from vision.durable import naming, write_durably
from vision.ground_scale import GroundScale
from vision.place_look import Look
from vision.records import SCHEMA_VERSION, Event, iso
from vision.scene import Past, Scene
from vision.stills import JpegStill, jpeg
from vision.track import Sighting, Track

FORMAT = 3
"""Goes up when tracks are kept differently; what an older program left is then not gone on with."""

_COUNTS = ("frames", "faults", "unscheduled")
_TIMES = ("first_at", "last_at", "gone_at")
_OTHERWISE = ("box", "look", "descriptor", "onset", "violation", "mover", "home", "judged")
_PLAIN = tuple(f.name for f in fields(Track) if f.name not in _TIMES + _OTHERWISE)


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
        state = {"format": FORMAT, "tracks": tracks, "extra": extra}
        state |= {"ground": asdict(scene.tracker.motion.scale)}
        state |= {"finished": [_to_dict(track) for track in scene.finished]}
        state |= {"past": scene.past}
        state |= {name: getattr(scene, name) for name in _COUNTS} | {"noise": scene.noise}
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
        names = set(archive.namelist())
        for name in _COUNTS:
            setattr(scene, name, state[name])
        scene.finished.extend(_from_dict(record) for record in state["finished"])
        scene.past = [Past(p[0], p[1], tuple(p[2]), p[3]) for p in state["past"]]
        scene.noise = tuple(state["noise"])
        scene.tracker.motion.scale = GroundScale(**state["ground"])
        for number, record in enumerate(state["tracks"]):
            track = _from_dict(record)
            if f"onset/{number}.jpg" in names:
                track.onset = JpegStill(archive.read(f"onset/{number}.jpg"))
            scene.tracker.tracks.append(track)


def _to_dict(track: Track) -> dict[str, Any]:
    record = {name: getattr(track, name) for name in _PLAIN}
    record |= {name: iso(getattr(track, name)) for name in _TIMES}
    record["box"] = track.box.tolist()
    record["look"] = track.look and {"box": track.look.box.tolist(), "patch": track.look.patch.tolist()}
    record["descriptor"] = None if track.descriptor is None else track.descriptor.tolist()
    record["violation"] = None
    if track.violation is not None:
        record["violation"] = Event(SCHEMA_VERSION, "extended", 0, track.violation, "", "", "").to_dict()
    return record


def _from_dict(record: dict[str, Any]) -> Track:
    plain = {name: record[name] for name in _PLAIN}
    plain |= {name: record[name] and datetime.fromisoformat(record[name]) for name in _TIMES}
    plain |= {name: tuple(plain[name]) for name in ("size", "first_box", "last_box")}
    plain["sightings"] = [Sighting(*s) for s in plain["sightings"]]
    look, described = record["look"], record["descriptor"]
    return Track(
        **plain,
        box=np.array(record["box"]),
        look=None if look is None else Look.of(np.array(look["box"]), np.array(look["patch"], np.uint8)),
        descriptor=None if described is None else np.array(described, np.float32),
        violation=None if record["violation"] is None else Event.from_dict(record["violation"]).violation,
    )
