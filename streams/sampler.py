"""Which pictures of a stream are looked at. Violations last minutes: key frames are enough where they come often.

Each policy is asked once for every packet in decoding order, before anything is decoded.
"""

from dataclasses import dataclass
from typing import Protocol

from streams.packets import EncodedPacket, Group

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
class Every:
    """One picture every ``period_s`` seconds, on a grid from zero."""

    period_s: float
    next_s: float = 0.0
    group_s: float = 0.0

    @property
    def dense(self) -> bool:
        return self.period_s < self.group_s

    def wants(self, packet: EncodedPacket, group: Group) -> bool:
        self.group_s = max(group.span_s, self.group_s if not packet.keyframe else 0.0)
        if packet.elapsed_s < self.next_s - 1e-6:
            return False
        self.next_s = (packet.elapsed_s // self.period_s + 1) * self.period_s
        return True

    def state(self) -> dict[str, float]:
        return {"next_s": self.next_s}

    def restore(self, state: dict[str, float]) -> None:
        self.next_s = state["next_s"]


@dataclass(slots=True)
class Auto:
    """Key frames, at most one a second, while they come at least every 4 s; else a picture every 2 s.

    Decided group by group: a recording whose camera switches to a smart codec at night changes over by itself.
    interval_s is the measured time between key frames, for whoever watches the camera.
    """

    last_s: float = float("-inf")
    interval_s: float = 0.0
    dense: bool = False

    def wants(self, packet: EncodedPacket, group: Group) -> bool:
        if packet.keyframe and group.packets[0] is packet:
            self.dense = self.interval_s > KEYFRAMES_OFTEN_S + _JITTER_S
            self.interval_s = 0.0
        since = packet.elapsed_s - self.last_s
        self.interval_s = max(self.interval_s, packet.elapsed_s + packet.duration_s - group.start_s)
        often = AUTO_SHORTEST_S if packet.keyframe else AUTO_BETWEEN_S
        rare = self.dense or self.interval_s > KEYFRAMES_OFTEN_S + _JITTER_S
        if since < often - _JITTER_S or not (packet.keyframe or rare):
            return False
        self.last_s = packet.elapsed_s
        return True

    def state(self) -> dict[str, float]:
        return {"last_s": self.last_s, "interval_s": self.interval_s, "dense": float(self.dense)}

    def restore(self, state: dict[str, float]) -> None:
        self.last_s, self.interval_s, self.dense = state["last_s"], state["interval_s"], bool(state["dense"])


def make_sampler(every: str) -> Sampler:
    """The policy by its name on the command line. Raises ``ValueError`` saying what is allowed."""
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
    return Every(period_s)
