"""Packets of one connection or file into groups, and into the ring."""

from streams.intra import decodes_alone
from streams.packets import CodecParameters, EncodedPacket, Group
from streams.recorder import Recorder
from streams.timestamps import Stamped, Timestamps


class Grouper:
    """parameters: of the one stream whose packets come here. The first packet begins a group."""

    def __init__(self, parameters: CodecParameters, stamps: Timestamps, recorder: Recorder):
        self.parameters = parameters
        self.recorder = recorder
        self._base = stamps.time_base
        self._group: Group | None = None

    def seconds(self, ticks: int) -> float:
        return ticks * self._base.numerator / self._base.denominator

    def add(self, stamped: Stamped, elapsed_s: float, decode_s: float) -> tuple[Group, EncodedPacket]:
        """Keep the packet under its times on the camera's timeline. Returns it, and the group that holds it now."""
        packet, pts, dts, duration = stamped
        data = bytes(packet)
        keyed = packet.is_keyframe and decodes_alone(self.parameters.codec, self.parameters.extradata, data)
        encoded = EncodedPacket(data, pts, dts, self._base, self.seconds(duration), keyed, elapsed_s, decode_s)
        starts = self._group is None or keyed or self._group.full
        self._group = self.recorder.add(encoded, Group(self.parameters, keyed) if starts else None)
        return self._group, encoded
