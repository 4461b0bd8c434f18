"""Times as people write them on the command line."""

from datetime import datetime, tzinfo

from service.city import City
from service.commands.failing import fail


def start_time(text: str | None, city: City | None) -> datetime | None:
    """What ``--start`` says; ends the program with a clear word where it says nothing that can be used."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--start {text}: a time such as 2026-05-01T08:00:00+08:00 is needed")
    if time.tzinfo is None:
        if city is None:
            fail(f"--start {text}: say the offset, such as {text}+08:00, or give a city file with a time zone")
        zone: tzinfo = city.zone_info
        time = time.replace(tzinfo=zone)
    return time
