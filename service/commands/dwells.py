"""``--dwell KEY=SECONDS``, as several commands take it."""

from collections.abc import Sequence

from labels.catalogue import load_catalogue
from service.commands.failing import fail


def dwells(options: Sequence[str]) -> dict[str, float]:
    """Seconds by type; ends the command with one line for what is no type or no time."""
    known = load_catalogue().types
    found: dict[str, float] = {}
    for option in options:
        key, _, value = option.partition("=")
        if key not in known:
            fail(f"--dwell {option}: no such type; allowed are {', '.join(known)}")
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds <= 604800:
            fail(f"--dwell {option}: seconds above 0 and up to 604800 (a week) are allowed")
        found[key] = seconds
    return found
