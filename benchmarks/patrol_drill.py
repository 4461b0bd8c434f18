"""Thousands of cameras under patrol on a few connections: are visits on time, and does dwell hold between them?"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clips import Recipe, clip
from benchmarks.live_pool import simulated
from benchmarks.worker_process import WorkerProcess, city_of
from vision.journal import Journal
from vision.keys import KEY_VARIABLE

STREET = Recipe(size=(640, 360), fps=5, seconds=60.0, gop_s=1.0, bit_rate=300_000)
"""What is parked stays, so every camera has the same violations, each once."""
DWELL_S = 240.0
RULES = f"    motor_vehicle_parking: {{dwell_s: {DWELL_S:g}, absence_s: 120}}\n"


@dataclass(frozen=True, slots=True)
class Patrolled:
    """What came of it.

    late: by how much visits began later than they were due, seconds. stood: of confirmed violations, the seconds from
    the first sighting to the confirmation, which may not be less than ``dwell_s``. cameras_with: how many cameras
    reported what stands before them.
    """

    cameras: int
    slots: int
    every_s: float
    minutes: float
    dwell_s: float
    visits: int
    brought_forward: int
    late_p50_s: float
    late_p95_s: float
    never_visited: int
    troubles: int
    confirmed: int
    cameras_with: int
    stood_least_s: float | None
    stood_p50_s: float | None
    stood_most_s: float | None
    cpu: float
    cameras_cpu: float
    memory_mb: float
    drops: dict[str, int]


def drill(
    cameras: int, slots: int, every_s: float, minutes: float, model: Path | None, told: Callable[[str], None]
) -> Patrolled:
    """Raises ``WorkerFailed``."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        urls, simulator = simulated([clip(STREET)], cameras, home)
        try:
            city = city_of(home / "city.yaml", urls, RULES)
            text = city.read_text(encoding="utf-8")
            patrol = f"defaults:\n  patrol: {{every_s: {every_s:g}, stay_s: 8, pictures: 2}}\n"
            city.write_text(text.replace("defaults:\n", patrol), encoding="utf-8")
            words = ["--slots", str(slots), *(["--model", str(model)] if model else [])]
            worker = WorkerProcess(city, home / "out", words, {KEY_VARIABLE: str(home / "signing.key")})
            worker.start()
            try:
                process = worker.process()
                begun = time.monotonic()
                while (lasted_s := time.monotonic() - begun) < minutes * 60:
                    told(f"{lasted_s / 60:.1f} of {minutes:g} minutes")
                    time.sleep(5.0)
                status = worker.status()
                cpu = sum(process.cpu_times()[:2]) / lasted_s
                memory_mb = process.memory_info().rss / 1e6
                its_cpu = sum(simulator.cpu_times()[:2]) / lasted_s
            finally:
                worker.stop()
        finally:
            simulator.terminate()
            simulator.wait()
        violations = Journal(home / "out" / "journal.jsonl").violations()
    stood = np.array([v.confirmed_s - v.onset_s for v in violations])
    drops: dict[str, int] = {}
    for camera in status["cameras"]:
        for cause, count in camera["drops"].items():
            drops[cause] = drops.get(cause, 0) + count
    return Patrolled(
        cameras=cameras,
        slots=slots,
        every_s=every_s,
        minutes=round(lasted_s / 60, 1),
        dwell_s=DWELL_S,
        visits=status["patrol"]["visits"],
        brought_forward=status["patrol"]["brought_forward"],
        late_p50_s=status["patrol"]["late_p50_s"],
        late_p95_s=status["patrol"]["late_p95_s"],
        never_visited=sum(c["connects"] == 0 for c in status["cameras"]),
        troubles=sum(sum(c["troubles"].values()) for c in status["cameras"]),
        confirmed=len(violations),
        cameras_with=len({v.camera_id for v in violations}),
        stood_least_s=round(float(stood.min()), 1) if len(stood) else None,
        stood_p50_s=round(float(np.median(stood)), 1) if len(stood) else None,
        stood_most_s=round(float(stood.max()), 1) if len(stood) else None,
        cpu=round(cpu, 2),
        cameras_cpu=round(its_cpu, 2),
        memory_mb=round(memory_mb),
        drops=drops,
    )


def as_json(patrolled: Patrolled) -> dict[str, Any]:
    return asdict(patrolled)
