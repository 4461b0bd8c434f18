"""Service, database and worker are killed while detections are pushed: nothing acknowledged is lost or twice."""

from pathlib import Path

import pytest

from benchmarks.databases import StoreKind
from benchmarks.push_kills import drill

WRONG = (
    "lost", "cases_too_many", "violations_never_acknowledged", "evidence_lost", "evidence_twice", "evidence_broken",
    "messages_lost", "messages_twice",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(StoreKind))
def test_nothing_acknowledged_is_lost(kind: StoreKind, tmp_path: Path) -> None:
    found = drill(kind, tmp_path, kills=6, spooled=300)
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["acknowledged"] > 300
    assert sum(found["killed"].values()) == 6
