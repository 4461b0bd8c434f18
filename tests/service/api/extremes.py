"""For schemathesis: dates and times are rarely drawn where calendars end, and that is where sums go wrong; and Open311
has its key among what is filed.
"""

import os
from typing import Any

import schemathesis
from hypothesis import strategies as st

DAYS = ["0001-01-01", "1970-01-01", "2026-02-28", "2200-01-01", "9999-12-31"]
TIMES = [
    f"{day}T{time}{zone}" for day in DAYS for time in ("00:00:00", "23:59:59") for zone in ("Z", "-14:00", "+14:00")
]

schemathesis.openapi.format("date", st.sampled_from(DAYS) | st.dates().map(str))
schemathesis.openapi.format("date-time", st.sampled_from(TIMES) | st.datetimes().map(lambda at: f"{at.isoformat()}Z"))


@schemathesis.hook.apply_to(path="/open311/v2/requests.{form}")
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    return body | {"api_key": os.environ["OPEN311_KEY"]} if isinstance(body, dict) else body
