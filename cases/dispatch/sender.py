"""What a way out to others has to do, and what can come of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

LONGEST_S = 3600.0
"""A receiver that wants to be left alone for longer is asked again sooner."""
KEPT_CHARS = 2000
"""Of what others say."""


@dataclass(frozen=True, slots=True)
class Message:
    """id: the same at every try, by which a receiver knows what it has already. type: such as ``case.dispatch``. body:
    ``case`` and ``change``, ``violations`` and ``evidence``. tries: how often it was tried before.
    """

    id: str
    type: str
    case_id: str
    created_at: datetime
    body: dict[str, Any]
    tries: int = 0


class NotDelivered(Exception):
    """It may work later. after_s: sooner than that the receiver does not want it again, None where it did not say."""

    def __init__(self, why: str, after_s: float | None = None):
        super().__init__(why)
        self.after_s = after_s


class Refused(Exception):
    """The receiver understood and does not want it: trying again changes nothing. status: of HTTP."""

    def __init__(self, why: str, status: int | None = None):
        super().__init__(why)
        self.status = status


class Sender(Protocol):
    """One receiver."""

    def send(self, message: Message) -> dict[str, Any] | None:
        """Give it over; what the receiver said that is worth keeping. Raises ``NotDelivered`` and ``Refused``."""
        ...


def after_s(said: str) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or a date; None where it does not say."""
    if said.isdecimal():
        return min(float(said), LONGEST_S)
    try:
        return min(LONGEST_S, max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()))
    except (ValueError, TypeError):
        return None


def storable(said: str) -> str:
    """What others said, as every database can hold it: without NUL and halves of characters, and no more than so much.

    All that came from elsewhere passes here before it is kept: a message that cannot be noted is sent for ever.
    """
    return said[:KEPT_CHARS].replace("\0", "").encode(errors="replace").decode()
