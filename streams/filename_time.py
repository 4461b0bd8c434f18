"""The start time that a recording's name states."""

import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path

_FORMS = {"Y": r"\d{4}", "z": r"(?:[+-]\d{2}:?\d{2}|Z)", "f": r"\d{1,6}", "j": r"\d{3}", "%": "%"}
_FORMS |= dict.fromkeys("ymdHIMS", r"\d{2}") | {"p": "(?:AM|PM|am|pm)", "b": r"[^\W\d_]{3}", "B": r"[^\W\d_]+"}
_FORMS |= {"s": r"(?P<epoch>\d{9,11})"}


def file_start(path: str, pattern: str, zone: tzinfo) -> datetime | None:
    """The start by a strptime pattern such as ``cam1_%Y%m%d_%H%M%S``; also ``%s``, seconds since 1970.

    The pattern may stand for a part of the name; one with a ``/`` is looked for in the whole path. A time without an
    offset is in ``zone``. None where the name does not have the pattern's form. Raises ``ValueError`` for a pattern
    that is none, and for a name that has the form but states no time that exists.
    """
    text = path if "/" in pattern else Path(path).name
    wrong: ValueError | None = None
    # Found again from every character on, because digits before the time may have its form too.
    for match in re.finditer(f"(?=(?P<time>{_form(pattern)}))", text):
        try:
            return _time(match, pattern, zone)
        except ValueError as error:
            wrong = wrong or error
    if wrong is not None:
        raise ValueError(f"{Path(path).name}: {wrong}")
    return None


def _form(pattern: str) -> str:
    """The pattern as a regular expression."""
    parts = re.split("(%.?)", pattern)
    unknown = next((p for p in parts[1::2] if p[1:] not in _FORMS), None)
    if unknown or len(parts) == 1 or pattern.count("%s") > 1:
        what = f"{unknown} is not known" if unknown else "it states no time"
        allowed = " ".join(f"%{d}" for d in _FORMS)
        raise ValueError(f"{what}; allowed are {allowed}, as in cam1_%Y%m%d_%H%M%S")
    return "".join(_FORMS[p[1]] if i % 2 else re.escape(p) for i, p in enumerate(parts))


def _time(match: re.Match[str], pattern: str, zone: tzinfo) -> datetime:
    if "epoch" in match.groupdict():
        return datetime.fromtimestamp(int(match["epoch"]), UTC)
    time = datetime.strptime(match["time"], pattern)
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
