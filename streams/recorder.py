"""The ring of compressed packets of one camera, and the still pictures that decode from it."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import av

from streams.frame import Picture, StillLost
from streams.packets import EncodedPacket, Group
from streams.upright import full_picture

NEAR_S = 1.0
"""Two streams of a camera that began apart show the same moment to within this."""


@dataclass(frozen=True, slots=True)
class PacketStill:
    """A picture kept as the packets that it decodes from: about a hundredth of its size.

    lead: the group before, where the picture does not decode from its own group alone.
    """

    group: Group
    index: int
    lead: Group | None = None

    @classmethod
    def of(cls, group: Group, index: int, lead: Group | None) -> "PacketStill":
        """As few packets as the picture needs."""
        return cls(group.key_frame(), 0) if index == 0 and group.keyed else cls(group, index, lead)

    def decode(self) -> Picture:
        """Decode the group up to the picture. Raises ``StillLost`` when this very picture does not come out."""
        wanted = self.group.packets[self.index]
        context = self.group.parameters.decoder().context
        for packet in (*(self.lead.packets if self.lead else ()), *self.group.packets, None):
            try:
                frames = context.decode(packet.to_av() if packet else None)
            except av.error.FFmpegError:
                continue
            for frame in frames:
                if frame.pts == wanted.pts and not frame.is_corrupt:
                    return full_picture(frame, self.group.parameters.pixel_aspect)
        raise StillLost(f"no picture decodes at {wanted.elapsed_s:.2f} s of the recording")


@dataclass(frozen=True, slots=True)
class PacketSpan:
    """Packets that make one playable piece: begins with a key frame where there is one, one codec throughout."""

    group: Group
    packets: tuple[EncodedPacket, ...]

    @property
    def start_s(self) -> float:
        return self.packets[0].elapsed_s

    @property
    def end_s(self) -> float:
        return max(p.elapsed_s + p.duration_s for p in self.packets[-32:])


class Recorder:
    """Keeps a camera's newest groups until they are released.

    Memory is what lies between the release point and the newest packet: the pre-roll, plus how far reading is allowed
    to run ahead of detection, plus one group. A live camera is not waited for, so its ring has bounds of its own.

    longest_s, largest_bytes: older groups go as soon as the newer ones alone hold this much; the newest group, which is
    bounded itself, stays. keep_from_s: what ends later is kept for longer than ``longest_s``, a clip is still growing.
    """

    def __init__(self, longest_s: float = math.inf, largest_bytes: float = math.inf) -> None:
        self.groups: deque[Group] = deque()
        self.longest_s = longest_s
        self.keep_from_s = math.inf
        self.largest_bytes = largest_bytes

    @property
    def newest_s(self) -> float:
        """The newest time kept, or minus infinity."""
        return self.groups[-1].packets[-1].elapsed_s if self.groups else float("-inf")

    @property
    def size_bytes(self) -> int:
        return sum(group.size_bytes for group in list(self.groups))

    def add(self, packet: EncodedPacket, new_group: Group | None) -> Group:
        """Append a packet; ``new_group`` (empty) begins with it. Returns the group that holds it now."""
        if new_group is not None:
            new_group.append(packet)
            self.groups.append(new_group)
            self._forget()
            return new_group
        self.groups[-1].append(packet)
        return self.groups[-1]

    def still_at(self, elapsed_s: float) -> PacketStill | None:
        """The key frame that was shown at this time, or the first soon after; None where none is kept.

        A picture between two key frames would cost decoding the whole group, and things that stand look the same.
        """
        groups = [g for g in list(self.groups) if g.keyed and g.packets]
        before = [g for g in groups if g.start_s <= elapsed_s <= g.end_s]
        after = [g for g in groups if elapsed_s < g.start_s <= elapsed_s + NEAR_S]
        found = before[-1] if before else after[0] if after else None
        return None if found is None else PacketStill.of(found, 0, None)

    def clear(self) -> None:
        """Forget everything."""
        self.groups.clear()

    def release(self, before_s: float) -> None:
        """Forget the groups that end before a time. Stills and clips in the making keep theirs."""
        while len(self.groups) > 1 and self.groups[1].start_s <= before_s:
            self.groups.popleft()

    def _forget(self) -> None:
        """Only when a group begins: that is often enough, and then nothing is counted packet by packet."""
        if self.longest_s == math.inf and self.largest_bytes == math.inf:
            return
        while len(self.groups) > 1 and (self._is_old() or self.size_bytes > self.largest_bytes):
            self.groups.popleft()

    def _is_old(self) -> bool:
        """Whether nobody needs the oldest group."""
        unused = self.groups[0].end_s < self.keep_from_s
        return unused and self.newest_s - self.groups[1].start_s > self.longest_s

    def clip(self, start_s: float, end_s: float, anchor_s: float) -> PacketSpan | None:
        """The packets from the last key frame at or before ``start_s`` up to ``end_s``, around ``anchor_s``.

        Where the codec changes between the two, the piece that holds ``anchor_s``. None when nothing is kept there.
        """
        groups = [g for g in list(self.groups) if g.packets and g.end_s > start_s and g.start_s <= end_s]
        if not groups:
            return None
        home = max((i for i, g in enumerate(groups) if g.start_s <= anchor_s), default=0)
        first = last = home
        while first > 0 and groups[first - 1].parameters.same_as(groups[home].parameters):
            first -= 1
        while last + 1 < len(groups) and groups[last + 1].parameters.same_as(groups[home].parameters):
            last += 1
        while first < home and not groups[first].keyed:
            first += 1
        packets = [p for g in groups[first : last + 1] for p in list(g.packets)]
        if groups[first].keyed:  # what leads an open group needs the group before
            packets = [p for p in packets if p.elapsed_s >= packets[0].elapsed_s]
        packets = packets[: _complete(packets, end_s)]
        return PacketSpan(groups[first], tuple(packets)) if packets else None


def _complete(packets: Sequence[EncodedPacket], end_s: float) -> int:
    """How many packets, in decoding order, show everything up to ``end_s`` and leave no hole before their last."""
    count = sum(p.decode_s <= end_s for p in packets)
    newest_s = max((p.elapsed_s for p in packets[:count]), default=end_s)
    while any(p.elapsed_s < newest_s for p in packets[count : count + 16]):
        newest_s = max(newest_s, packets[count].elapsed_s)
        count += 1
    return count
