"""What can be wrong with a camera or the network to it."""

from enum import StrEnum


class Fault(StrEnum):
    DOWN = "down"
    """Connections break off; with a port of its own the camera refuses them."""
    UNAUTHORISED = "unauthorised"
    """401, whatever user and password are sent."""
    NOT_FOUND = "not_found"
    """404: the camera does not know the path."""
    CUT = "cut"
    """Running sessions are broken off, once."""
    END = "end"
    """Running sessions are ended in order, once."""
    STALL = "stall"
    """Connections stay open and nothing comes."""
    FREEZE = "freeze"
    """The same picture again and again, with time stamps that run on."""
    GARBAGE = "garbage"
    """Random bytes where the pictures were; headers stay right."""
    LOSS = "loss"
    """A share of the packets is missing. Value: from 0 to 1."""
    CODEC = "codec"
    """Running sessions end, and the camera then serves another recording of another codec. Value: its path."""
    RESOLUTION = "resolution"
    """Another recording within the running session. Value: its path."""
    CLOCK_JUMP = "clock_jump"
    """The camera's clock and time stamps jump once, for good. Value: seconds."""
    SLOW = "slow"
    """The network lets through less than the camera sends. Value: bytes per second."""


WITH_RECORDING = frozenset({Fault.CODEC, Fault.RESOLUTION})
WITH_NUMBER = frozenset({Fault.LOSS, Fault.SLOW, Fault.CLOCK_JUMP})


def number(kind: Fault, value: float | str | None) -> float:
    """The value of a fault that takes a number. Raises ``ValueError`` saying what is allowed."""
    allowed = {
        Fault.LOSS: "a share of the packets from 0 to 1, such as loss:0.02",
        Fault.SLOW: "bytes per second above 0, such as slow:20000",
        Fault.CLOCK_JUMP: "seconds from -1e8 to 1e8, such as clock_jump:-3600",
    }[kind]
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = float("nan")
    right = {Fault.LOSS: 0 <= found <= 1, Fault.SLOW: 0 < found < 1e12, Fault.CLOCK_JUMP: -1e8 <= found <= 1e8}[kind]
    if not right:
        raise ValueError(f"{kind}: {allowed} is needed, not {value!r}")
    return found
