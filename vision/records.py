"""What vision hands on: plain frozen records that import only numpy and the standard library.

Boxes are ``xyxy`` relative to the picture (0 to 1), so that a change of resolution moves nothing; the size of the
picture stands beside them wherever they leave the frame.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 1
EventKind = Literal["opened", "extended", "cleared"]
Cue = Literal["detector", "change"]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Detections:
    """The boxes of one frame.

    xyxy: ``(n, 4)`` float32, relative to the picture.
    score: ``(n,)`` float32 in [0, 1].
    cls: ``(n,)`` int index into ``keys``.
    keys: the model's classes by index.
    descriptor: ``(n, D)`` float32 of unit length, what each thing looks like, or None.
    """

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    cls: NDArray[np.int64]
    keys: tuple[str, ...]
    descriptor: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.score)

    def names(self) -> list[str]:
        """The key of each."""
        return [self.keys[i] for i in self.cls.tolist()]

    def only(self, which: NDArray[np.bool_] | list[int]) -> "Detections":
        """The detections that a mask ``(n,)`` or a list of indices names."""
        described = None if self.descriptor is None else self.descriptor[which]
        return Detections(self.xyxy[which], self.score[which], self.cls[which], self.keys, described)

    def plus(self, more: "Detections") -> "Detections":
        """These first, then ``more``, which may be of other keys. Without descriptors where one side has none."""
        if not len(more):
            return self
        keys = (*self.keys, *(key for key in more.keys if key not in self.keys))
        index = np.array([keys.index(key) for key in more.keys])
        described = [d.descriptor for d in (self, more) if len(d)]
        known = [descriptor for descriptor in described if descriptor is not None]
        return Detections(
            np.concatenate([self.xyxy, more.xyxy]),
            np.concatenate([self.score, more.score]),
            np.concatenate([self.cls, index[more.cls]]),
            keys,
            np.concatenate(known) if len(known) == len(described) else None,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the ground, WGS-84 degrees, and the radius in metres within which it lies."""

    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Violation:
    """A track that met its type's rule, as it is known at one moment.

    Times: ``onset`` first sighting, ``confirmed_at`` the rule was met, ``cleared_at`` first seen to be gone; UTC or
    None where the recording has no known start. The ``_s`` twins are seconds of the recording.
    xyxy: the thing's box at confirmation, relative; ``size`` width and height of the picture in pixels.
    score: mean score of its sightings. sightings: how many there were. proven: the model's word for this class.
    repeat_of: the violation of this type that was at this place before, if one was not long ago.
    cue: ``change`` if the detector did not see it when it was confirmed: something was put down there and stays, its
    type is the zone's word (``Zone.left_things``), and a person has to name it.
    zone_kind: what the ground is there (``vision.zones.ZONE_KINDS``); None where no zone decided. Who is responsible
    may depend on it.
    """

    id: str
    camera_id: str
    view_id: str
    key: str
    onset: datetime | None
    confirmed_at: datetime | None
    cleared_at: datetime | None
    onset_s: float
    confirmed_s: float
    cleared_s: float | None
    xyxy: Box
    size: tuple[int, int]
    place: Place | None
    score: float
    sightings: int
    proven: bool
    repeat_of: str | None = None
    cue: Cue = "detector"
    zone_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """The one record that journal, replay, REST push and webhooks speak.

    seq counts the events of one violation from 0; the journal numbers them. The hashes (SHA-256, hex) say what
    decided: model file, rule values, configuration of the camera.
    """

    schema_version: int
    kind: EventKind
    seq: int
    violation: Violation
    model: str
    rule: str
    config: str

    @property
    def id(self) -> str:
        return self.violation.id

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; times as ISO 8601 with ``Z``."""
        v = self.violation
        times = {name: iso(getattr(v, name)) for name in ("onset", "confirmed_at", "cleared_at")}
        place = None if v.place is None else _plain(v.place)
        return _plain(self) | {"violation": _plain(v) | times | {"place": place}}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Event":
        """The inverse of ``to_dict``. Raises ``ValueError`` for another version, ``KeyError`` for a lost field."""
        if record["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"event schema_version {record['schema_version']}, this program reads {SCHEMA_VERSION}")
        v = dict(record["violation"])
        for name in ("onset", "confirmed_at", "cleared_at"):
            v[name] = None if v[name] is None else datetime.fromisoformat(v[name])
        v["xyxy"], v["size"] = tuple(v["xyxy"]), tuple(v["size"])
        v["place"] = None if v["place"] is None else Place(**v["place"])
        return cls(**{**record, "violation": Violation(**v)})

    def with_seq(self, seq: int) -> "Event":
        return replace(self, seq=seq)


def _plain(record: "Event | Violation | Place") -> dict[str, Any]:
    """As ``asdict`` without its deep copies, which took a tenth of the time of a push: all inside is constant."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def iso(time: datetime | None) -> str | None:
    """UTC ISO 8601 with milliseconds and ``Z``, or None."""
    return None if time is None else time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
