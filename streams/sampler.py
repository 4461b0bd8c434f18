"""Which pictures of a stream are looked at. Violations last minutes: key frames are enough where they come often.

Each policy is asked once for every packet in decoding order, before anything is decoded.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from streams.packets import MAX_GROUP_S, EncodedPacket, Group

KEYFRAMES_OFTEN_S = 4.0
"""``auto``: key frames alone are enough while they come at least this often."""
AUTO_SHORTEST_S = 1.0
"""``auto``: at most one key frame in this time."""
AUTO_BETWEEN_S = 2.0
"""``auto``: where key frames are rarer, one picture is taken in this time."""
_JITTER_S = 0.02


class Sampler(Protocol):
    def wants(self, packet: EncodedPacket, group: Group) -> bool:
        """Whether the picture of this packet, the newest of its group, is to be looked at."""
        ...

    @property
    def dense(self) -> bool:
        """Whether the stream should be decoded on and on rather than key frame by key frame."""
        ...

    def state(self) -> dict[str, float]:
        """What must be kept over a restart."""
        ...

    def restore(self, state: dict[str, float]) -> None: ...


@dataclass(slots=True)
class All:
    """Every picture."""

    dense: bool = True

    def wants(self, packet: EncodedPacket, group: Group) -> bool:  # noqa: ARG002
        return True

    def state(self) -> dict[str, float]:
        return {}

    def restore(self, state: dict[str, float]) -> None: ...


@dataclass(slots=True)
class KeyFrames:
    """Every key frame, nothing else."""

    dense: bool = False

    def wants(self, packet: EncodedPacket, group: Group) -> bool:  # noqa: ARG002
        return packet.keyframe

    def state(self) -> dict[str, float]:
        return {}

    def restore(self, state: dict[str, float]) -> None: ...


@dataclass(slots=True)
class KeyInterval:
    """Seconds from key frame to key frame: of the group before, and of the present one so far."""

    before_s: float = 0.0
    so_far_s: float = 0.0

    @property
    def longest_s(self) -> float:
        return max(self.before_s, self.so_far_s)

    def often(self, within_s: float) -> bool:
        """Whether a whole group was seen, and key frames come at least this often."""
        return 0.0 < self.before_s <= within_s + _JITTER_S and self.so_far_s <= within_s + _JITTER_S

    def follow(self, packet: EncodedPacket, group: Group) -> None:
        if packet.keyframe:
            self.before_s, self.so_far_s = self.so_far_s, 0.0
        self.so_far_s = max(self.so_far_s, group.end_s - group.start_s)


@dataclass(slots=True)
class Every:
    """One picture in each period of ``period_s`` seconds, counted from zero: the first of it that is decoded.

    With B-frames that can be a few pictures after the period begins.

    cheaply: where key frames come at least twice in a period, as they do in most cameras' streams, take the first of
    them: one that is decoded by itself costs a tenth. phase_s: by how much its periods begin sooner, so that a hundred
    cameras that began together do not all want a picture in the same moment.
    """

    period_s: float
    cheaply: bool = False
    phase_s: float = 0.0
    interval: KeyInterval = field(default_factory=KeyInterval)
    taken: deque[int] = field(default_factory=lambda: deque(maxlen=32))
    """The newest periods that have their picture; decoding order mixes no more than these."""

    @property
    def dense(self) -> bool:
        # Without key frames a decoder that stopped could never begin again.
        return self.interval.longest_s > min(self.period_s, MAX_GROUP_S - 5.0)

    def wants(self, packet: EncodedPacket, group: Group) -> bool:
        self.interval.follow(packet, group)
        period = math.floor((packet.elapsed_s + self.phase_s) / self.period_s + 1e-6)
        if period in self.taken:
            return False
        if self.cheaply and not packet.keyframe and self.interval.often(self.period_s / 2):
            return False
        self.taken.append(period)
        return True

    def state(self) -> dict[str, float]:
        newest = {"period": float(max(self.taken))} if self.taken else {}
        return {"before_s": self.interval.before_s, "so_far_s": self.interval.so_far_s, **newest}

    def restore(self, state: dict[str, float]) -> None:
        self.interval = KeyInterval(state["before_s"], state["so_far_s"])
        self.taken.clear()
        if "period" in state:
            self.taken.append(int(state["period"]))


@dataclass(slots=True)
class Auto:
    """Key frames, at most one a second, while they come at least every 4 s; else a picture every 2 s.

    Decided group by group: a recording whose camera switches to a smart codec at night changes over by itself.
    ``interval`` is the measured time between key frames, for whoever watches the camera.
    """

    last_s: float = float("-inf")
    interval: KeyInterval = field(default_factory=KeyInterval)

    @property
    def dense(self) -> bool:
        return self.interval.longest_s > KEYFRAMES_OFTEN_S + _JITTER_S

    def wants(self, packet: EncodedPacket, group: Group) -> bool:
        self.interval.follow(packet, group)
        often_s = AUTO_SHORTEST_S if packet.keyframe else AUTO_BETWEEN_S
        if packet.elapsed_s - self.last_s < often_s - _JITTER_S or not (packet.keyframe or self.dense):
            return False
        self.last_s = packet.elapsed_s
        return True

    def state(self) -> dict[str, float]:
        return {"last_s": self.last_s, "before_s": self.interval.before_s, "so_far_s": self.interval.so_far_s}

    def restore(self, state: dict[str, float]) -> None:
        self.last_s = state["last_s"]
        self.interval = KeyInterval(state["before_s"], state["so_far_s"])


def make_sampler(every: str, live: bool = False, phase: float = 0.0) -> Sampler:
    """The policy by its name on the command line, exact for recordings, cheap for live cameras.

    phase: part of its period by which a live camera's begins sooner, in [0, 1).

    Raises ``ValueError`` saying what is allowed.
    """
    match every:
        case "auto":
            return Auto()
        case "keyframe":
            return KeyFrames()
        case "all":
            return All()
    try:
        period_s = float(every)
    except ValueError:
        period_s = 0.0
    if not 0.01 <= period_s <= 86400:
        raise ValueError(f"--every {every}: allowed are auto, keyframe, all, or seconds from 0.01 to 86400")
    return Every(period_s, live, phase * period_s)
