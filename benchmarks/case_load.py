"""A store with as many cases as a city has in years, and how long it takes to ask for some of them over HTTP."""

import random
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Engine, Table, insert

from cases.policy import EPOCH
from cases.store.tables import cases, hours, month_tallies, tallies, violations
from cases.tally import month_of
from labels.catalogue import load_catalogue

AT_ONCE = 5000
DAYS, DISTRICTS, DEPARTMENTS, CAMERAS = 365, 6, 37, 2000
STATES = {"closed": 90, "rejected": 5, "new": 1, "filed": 1, "dispatched": 2, "handling": 1}
WHATS = ("opened", "accept", "reject", "file", "dispatch", "feed_back", "verify", "close")


def fill(engine: Engine, count: int, seed: int = 1, tell: Callable[[str], object] = lambda _: None) -> None:
    """Cases of a year up to now, each with a violation, and their counts."""
    chance, now, keys = random.Random(seed), datetime.now(UTC), list(load_catalogue().types)
    empty = dict.fromkeys(column.name for column in cases.c if column.nullable)
    states = [state for state, share in STATES.items() for _ in range(share)]
    for first in range(0, count, AT_ONCE):
        rows = [
            _rows(chance, now, now - timedelta(days=DAYS) * (1 - n / count), keys, states)
            for n in range(first, min(count, first + AT_ONCE))
        ]
        with engine.begin() as tx:
            tx.execute(insert(cases), [empty | case for case, _ in rows])
            tx.execute(insert(violations), [violation for _, violation in rows])
        tell(f"{first + len(rows)} of {count} cases")
    with engine.begin() as tx:
        for table, counted in _tallies(count, now.date(), keys):
            tx.execute(insert(table), counted)


def _rows(
    chance: random.Random, now: datetime, at: datetime, keys: list[str], states: list[str]
) -> tuple[dict[str, Any], ...]:
    state, key = chance.choice(states), chance.choice(keys)
    place = {"lat": 24.3 + chance.random(), "lon": 117.9 + chance.random()}
    due_at = (
        at + timedelta(hours=8) if state in ("closed", "rejected") else now + timedelta(hours=chance.uniform(-1, 72))
    )
    id, over = str(uuid.UUID(int=chance.getrandbits(128))), at + timedelta(hours=3)
    case = {
        "id": id,
        "version": 5,
        "state": state,
        "key": key,
        "producer": "worker",
        "radius_m": 5.0,
        "district": f"district {chance.randrange(DISTRICTS)}",
        "street": f"street {chance.randrange(40)}",
        "department": f"department {chance.randrange(DEPARTMENTS)}",
        "opened_at": at,
        "updated_at": over,
        "entered_at": over,
        "onset": at,
        "closed_at": over if state == "closed" else None,
        "due_at": due_at,
        "escalated": 0,
        "filed": False,
        "hold": False,
    }
    violation = {
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "case_id": id,
        "camera_id": f"camera-{chance.randrange(CAMERAS)}",
        "view_id": "home",
        "key": key,
        "onset": at,
        "cleared_at": over,
        "gone": state == "closed",
        "producer": "worker",
        "seq": 1,
        "event": {"schema_version": 1},
        "heard_at": at,
    }
    return case | place, violation | place


def _tallies(count: int, today: date, keys: list[str]) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """As many as the cases would have left; each type, district and step every day."""
    groups = [{"key": key, "district": f"district {d}"} for key in keys for d in range(DISTRICTS)]
    daily, hourly = max(1, count // (DAYS * len(groups))), max(1, count // (12 * 24 * len(groups)))
    days = [today - timedelta(days=n) for n in range(DAYS)]
    months = Counter(map(month_of, days))
    whats = [group | {"what": what} for group in groups for what in WHATS]

    def counted(number: int) -> dict[str, Any]:
        return {"count": number * daily, "seconds": 60.0 * number * daily}

    yield tallies, [what | {"day": (day - EPOCH).days} | counted(1) for day in days for what in whats]
    yield month_tallies, [what | {"month": month} | counted(n) for month, n in months.items() for what in whats]
    yield (
        hours,
        [
            group | {"month": month, "hour": hour, "count": hourly}
            for month in months
            for hour in range(24)
            for group in groups
        ],
    )


def questions(today: date) -> Mapping[str, tuple[str, dict[str, Any]]]:
    """What people ask, by what it is: path and query."""
    year = {"first": str(today - timedelta(days=DAYS - 1)), "last": str(today)}
    month = {"since": f"{today - timedelta(days=60)}T00:00:00Z", "until": f"{today - timedelta(days=30)}T00:00:00Z"}
    return {
        "first page of the queue": ("/cases", {"state": "new"}),
        "with the nearest deadlines": ("/cases", {"state": ["dispatched", "handling"], "order": "due"}),
        "overdue": ("/cases", {"overdue": "true", "order": "due"}),
        "type, district and state": (
            "/cases",
            {"key": "road_vending", "district": "district 2", "state": "dispatched"},
        ),
        "type and department in a month": ("/cases", {"key": "road_vending", "department": "department 4"} | month),
        "of a camera": ("/cases", {"camera": "camera-7"}),
        "in a part of the town": ("/cases", {"box": "118.4,24.5,118.41,24.51"}),
        "by its number": ("/cases", {"text": "4711"}),
        "changed last": ("/cases", {"order": "changed"}),
        "statistics of a year by type": ("/statistics", year),
        "statistics of a year by district and type": ("/statistics", year | {"by": ["district", "key"]}),
        "summary of a year": ("/statistics/summary", year),
        "hours of a year": ("/statistics/hours", year),
    }


def ask(api: httpx.Client, times: int = 9) -> dict[str, dict[str, float]]:
    """Milliseconds of each question: the first time, the median, the longest; and how many rows came."""
    found = {}
    for name, (path, query) in questions(datetime.now(UTC).date()).items():
        took, answer = [], None
        for _ in range(times):
            begun = time.monotonic()
            answer = api.get(path, params=query)
            answer.raise_for_status()
            took.append((time.monotonic() - begun) * 1000)
        rows = answer.json() if answer is not None else []
        count = len(rows["cases"] if isinstance(rows, dict) else rows)
        found[name] = {
            "first_ms": round(took[0], 1),
            "median_ms": round(statistics.median(took), 1),
            "longest_ms": round(max(took), 1),
            "rows": count,
        }
    return found
