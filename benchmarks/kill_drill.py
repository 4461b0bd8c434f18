"""``kill -9`` in a loop while violations come and go: beside a worker that nobody kills, what is lost or told twice?

Both watch the same simulated cameras at the same time, so that whatever the detector or the tracker makes of the street
is the same on both sides.
"""

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clips import Recipe, clip
from benchmarks.worker_process import WorkerProcess, city_of
from streams.clip import clip_length_s
from streams.simulator.simulator import Simulator
from vision.boxes import iou
from vision.journal import Journal
from vision.keys import KEY_VARIABLE, load_or_make
from vision.manifest import read_record
from vision.records import Violation
from vision.verify import verify

LOOP = Recipe(size=(1280, 720), fps=10, seconds=60.0, gop_s=1.0, bit_rate=1_500_000, stays=0.6)
RULES = "    motor_vehicle_parking: {dwell_s: 8, absence_s: 8}\n"
LIVES_S = (3.0, 18.0)
"""How long the worker is left alone, drawn anew each time."""
AROUND_S = timedelta(seconds=15)
"""Two workers that look at other pictures of a street begin and end a violation a little apart."""


@dataclass(frozen=True, slots=True)
class Drill:
    """What came of it.

    expected: violations of the worker that nobody killed. lost: those of them that the other has not; forgotten: what
    its journal held and holds no more. duplicates: more than one for one. broken: evidence that does not verify, lacks
    a picture or a clip, or whose clip does not play. cut_short: clips that a kill ended, and whose manifest says so.
    restart_s: until its pages answered, median.
    """

    kills: int
    minutes: float
    expected: int
    found: int
    lost: int
    forgotten: int
    duplicates: int
    extra: int
    evidence: int
    broken: int
    cut_short: int
    restart_s: float


def drill(kills: int, cameras: int, seed: int, told: Callable[[str], None]) -> Drill:
    chance = random.Random(seed)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Simulator([clip(LOOP)], cameras=cameras) as simulator:
        home = Path(folder)
        city = city_of(home / "city.yaml", {name: simulator.url(name) for name in simulator.names}, RULES)
        key = {KEY_VARIABLE: str(home / "signing.key")}
        spared = WorkerProcess(city, home / "spared", environment=key)
        killed = WorkerProcess(city, home / "killed", environment=key)
        spared.start()
        restarts = [killed.start()]
        seen: set[str] = set()
        forgotten = 0
        for number in range(1, kills + 1):
            time.sleep(chance.uniform(*LIVES_S))
            killed.kill()
            now = _ids(home / "killed")
            forgotten += len(seen - now)
            seen |= now
            restarts.append(killed.start())
            told(f"killed {number} times, {len(now)} violations")
        time.sleep(LOOP.seconds)  # what stood at the last kill is judged by both
        spared.stop()
        killed.stop()
        expected, found = (Journal(home / name / "journal.jsonl").violations() for name in ("spared", "killed"))
        signing, _ = load_or_make(home / "signing.key")
        ok = verify(home / "killed" / "evidence", signing.public).ok
        faults = [_fault(home / "killed" / "evidence" / v.id) for v in found]
        ended = max((v.confirmed_at for v in found if v.confirmed_at), default=datetime.now(UTC))
        lost, duplicates, extra = compare(expected, found, ended)
        return Drill(
            kills=kills,
            minutes=round((time.monotonic() - begun) / 60, 1),
            expected=len(expected),
            found=len(found),
            lost=lost,
            forgotten=forgotten,
            duplicates=duplicates,
            extra=extra,
            evidence=len(found),
            broken=sum(f == "broken" for f in faults) + (not ok),
            cut_short=sum(f == "cut" for f in faults),
            restart_s=round(float(np.median(restarts)), 2),
        )


def compare(expected: list[Violation], found: list[Violation], until: datetime) -> tuple[int, int, int]:
    """How many of the expected are not found, are found more than once, and how many are none of them.

    until: what was confirmed later may have been confirmed by one side only.
    """
    mine = [[f for f in found if _same(e, f)] for e in expected]
    late = until - AROUND_S
    lost = sum(not m for e, m in zip(expected, mine, strict=True) if e.confirmed_at and e.confirmed_at < late)
    duplicates = sum(len(m) - 1 for m in mine if len(m) > 1)
    extra = sum(not any(_same(e, f) for e in expected) for f in found if f.confirmed_at and f.confirmed_at < late)
    return lost, duplicates, extra


def as_json(drill: Drill) -> dict[str, Any]:
    return asdict(drill)


def _same(a: Violation, b: Violation) -> bool:
    if (a.camera_id, a.key) != (b.camera_id, b.key) or not (a.onset and b.onset):
        return False
    far = datetime.max.replace(tzinfo=UTC) - AROUND_S
    over = a.onset < (b.cleared_at or far) and b.onset < (a.cleared_at or far)
    return over and float(iou(np.array([a.xyxy]), np.array([b.xyxy]))[0, 0]) >= 0.5


def _ids(results: Path) -> set[str]:
    """The violations that the journal holds; its last line may be torn."""
    path = results / "journal.jsonl"
    if not path.exists():
        return set()
    lines = path.read_bytes().splitlines(keepends=True)
    return {line.split(b'"id":"')[1][:36].decode() for line in lines if line.endswith(b"\n")}


def _fault(folder: Path) -> str:
    """``broken``, ``cut`` where a kill ended its clip and the manifest says so, else empty."""
    try:
        record = read_record((folder / "manifest.json").read_bytes()).body["record"]
        lasts_s = clip_length_s(folder / record["clip"]["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return "broken"
    whole = set(record["pictures"]) == {"onset.jpg", "trigger.jpg"}
    says_so = any("clip ends early" in note for note in record["notes"])
    stated_s = record["clip"]["end_s"] - record["clip"]["start_s"]
    if not whole or abs(lasts_s - stated_s) > 0.5:
        return "broken"
    return "cut" if says_so else ""
