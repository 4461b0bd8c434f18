"""The state of a camera's connection, what went wrong with it, and how long to wait before the next try.

Pure: no sockets here. ``streams.live_reader`` drives it.
"""

import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import av


class LinkState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    """Connected, but no whole packet for ``STALL_S``."""
    BACKING_OFF = "backing_off"
    RESTING = "resting"
    """Under patrol between two visits; of a folder between two files."""
    DISABLED = "disabled"
    """Nobody reads it: before the first try, and after the last."""


class Trouble(StrEnum):
    """Why a connection failed or ended. For a live stream every end is a failure."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNAUTHORISED = "unauthorised"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    """No answer while connecting, or the socket said nothing for too long."""
    STALL = "stall"
    """Connected, but packets stopped or came so slowly that reading was given up."""
    LATE = "late"
    """What arrives is older than ``LATE_S``: the network delivers less than the camera sends."""
    ENDED = "ended"
    GARBAGE = "garbage"
    """It is no video, or none of the pictures wanted of it decodes."""
    CHANGED = "changed"
    """Codec parameters changed within the connection: a new one learns them."""
    OTHER = "other"


STALL_S = 4.0
"""Without a whole packet for this long a camera counts as stalled: a hundred pictures of 25 a second."""
GIVE_UP_S = 12.0
"""After this long without a whole packet the connection is given up, even if bytes still trickle."""
LATE_S = 10.0
SETTLED_S = 20.0
"""A connection that lived this long was a good one: waiting begins anew with the shortest time."""

_BY_ERROR: tuple[tuple[type[BaseException], Trouble], ...] = (
    (av.error.HTTPUnauthorizedError, Trouble.UNAUTHORISED),
    (av.error.HTTPForbiddenError, Trouble.UNAUTHORISED),
    (av.error.HTTPNotFoundError, Trouble.NOT_FOUND),
    (av.error.HTTPClientError, Trouble.OTHER),
    (av.error.InvalidDataError, Trouble.GARBAGE),
    (av.error.EOFError, Trouble.ENDED),
    (ConnectionRefusedError, Trouble.REFUSED),
    (TimeoutError, Trouble.TIMEOUT),
    (av.error.ExitError, Trouble.TIMEOUT),
    (ConnectionError, Trouble.ENDED),
    (PermissionError, Trouble.UNAUTHORISED),
)
_UNREACHABLE_ERRNO = frozenset({5, 101, 113})  # FFmpeg gives EIO for a name that does not resolve


def classify(error: BaseException, meant: Mapping[int, Trouble] = MappingProxyType({})) -> Trouble:
    """Which trouble an error of PyAV or the system is. meant: what numbers mean by this protocol at this point."""
    number = getattr(error, "errno", None)
    if number is not None and number in meant:
        return meant[number]
    for kind, trouble in _BY_ERROR:
        if isinstance(error, kind):
            return trouble
    return Trouble.UNREACHABLE if number in _UNREACHABLE_ERRNO else Trouble.OTHER


@dataclass(slots=True)
class Backoff:
    """Seconds until the next try: doubling, with jitter so that a switch's cameras do not come back all at once.

    Cameras lock an account after a few wrong passwords, often for half an hour: those tries begin at ``locked_s``.
    """

    shortest_s: float = 0.5
    longest_s: float = 60.0
    locked_s: float = 60.0
    chance: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def next(self, trouble: Trouble) -> float:
        """Between half and all of the doubled time. A changed stream is opened again at once."""
        if trouble is Trouble.CHANGED:
            return 0.0
        first_s = self.locked_s if trouble is Trouble.UNAUTHORISED else self.shortest_s
        longest_s = max(self.longest_s, 10 * self.locked_s if trouble is Trouble.UNAUTHORISED else 0.0)
        whole_s = min(longest_s, first_s * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return whole_s * self.chance.uniform(0.5, 1.0)

    def settle(self) -> None:
        """The connection was good for a while."""
        self.failures = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state, ``at_s`` by our monotonic clock. trouble, message: why, without credentials."""

    at_s: float
    state: LinkState
    trouble: Trouble | None = None
    message: str = ""


class Link:
    """State and counters of one camera's connection. Written by its reader and the watchdog, read by anybody.

    troubles: how often each kind ended a connection or a try. connects: how many tries got packets.
    """

    def __init__(self, clock: Callable[[], float], told: Callable[[Change], None] = lambda _: None):
        self.clock = clock
        self.told = told
        self.troubles: Counter[Trouble] = Counter()
        self.connects = 0
        self.packets = 0
        self.bytes = 0
        self.packet_at_s = float("-inf")
        self.retry_at_s = 0.0
        self.changes: deque[Change] = deque([Change(clock(), LinkState.DISABLED)], maxlen=50)
        self._again = False
        self._lock = threading.Lock()

    @property
    def state(self) -> LinkState:
        return self.changes[-1].state

    @property
    def since_s(self) -> float:
        """When the present state began."""
        return self.changes[-1].at_s

    @property
    def last_trouble(self) -> Change | None:
        return next((c for c in reversed(self.changes) if c.trouble is not None), None)

    def packet(self, size: int) -> None:
        """A whole packet came: the camera is live. After a stall that takes a second one, FFmpeg held one back."""
        self.packet_at_s = self.clock()
        self.packets += 1
        self.bytes += size
        if self.state is LinkState.STALLED and not self._again:
            self._again = True
        elif self.state is not LinkState.LIVE:
            self.connects += self.state is LinkState.CONNECTING
            self._again = False
            self.go(LinkState.LIVE)

    def go(self, state: LinkState, trouble: Trouble | None = None, message: str = "") -> None:
        """Change the state; the same state again is no change unless it has another reason."""
        with self._lock:
            if trouble is not None:
                self.troubles[trouble] += 1
            if self.state is state and trouble is None:
                return
            change = Change(self.clock(), state, trouble, message)
            self.changes.append(change)
        self.told(change)
