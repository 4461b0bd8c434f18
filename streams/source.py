"""What is read: files and URLs, and which of them are one camera's recording."""

import re
from dataclasses import dataclass
from datetime import datetime

from streams.frame import Clock

_URL = re.compile(r"[a-z][a-z0-9+.-]*(?:://|%3a%2f%2f)\S+", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?P<mark>://)\S*(?P<at>@)")
_ENCODED_CREDENTIALS = re.compile(r"(?P<mark>%3a%2f%2f)\S*(?P<at>%40)", re.IGNORECASE)
_SECRET = re.compile(
    r"(?P<name>[\w.-]*(?:user|usr|login|pass|pwd|psw|token|secret|key|auth|sign|sig|cred)[\w.-]*=)[^&;\s]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One file, or one URL.

    start: UTC of its first picture where a person or the file's name says so; what the container says is read later.
    """

    url: str
    start: datetime | None = None
    clock: Clock | None = None

    @property
    def live(self) -> bool:
        return is_url(self.url)

    @property
    def name(self) -> str:
        """For people: without credentials."""
        return redact(self.url)


@dataclass(frozen=True, slots=True)
class Recording:
    """One camera's segments in time order."""

    camera_id: str
    view_id: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class SegmentFailure:
    """A file that could not be read, or not to its end. ``fatal``: nothing of it was."""

    segment: Segment
    message: str
    fatal: bool


def is_url(text: str) -> bool:
    return "://" in text and not text.startswith("file://")


def redact(text: str) -> str:
    """The text with user names, passwords and tokens of URLs taken out. Everything that is shown passes here.

    Passwords hold any character in practice, so everything up to a URL's last ``@`` counts as credentials.
    """
    return _URL.sub(lambda url: _without_secrets(url[0]), text)


def _without_secrets(url: str) -> str:
    for credentials in (_CREDENTIALS, _ENCODED_CREDENTIALS):
        url = credentials.sub(r"\g<mark>***\g<at>", url)
    return _SECRET.sub(r"\g<name>***", url)


def natural_order(text: str) -> list[tuple[int, int, str]]:
    """Sorting key in which part9 comes before part10."""
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"(\d+)", text) if p]
