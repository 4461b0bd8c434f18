"""As many live cameras as one machine carries: lateness, drops, processor time and memory."""

import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.clips import Recipe, clip
from benchmarks.worker_process import PROGRAM, WorkerFailed, WorkerProcess, city_of
from vision.keys import KEY_VARIABLE

STREET, BUSY = Recipe(seconds=60.0), Recipe(seconds=60.0, stays=0.6, seed=2)
"""1080p25 H.264 at 4 Mb/s, a key frame every 2 s. What is parked stays; on a busy street it stays 36 s of a minute."""
BUSY_SHARE = 10
"""One camera of so many looks at a busy street, with three violations a minute: more than any real one has in a day."""
RULES = "    motor_vehicle_parking: {dwell_s: 15, absence_s: 10}\n"
"""Short, so that violations come, go and are written all the time: with 40 cameras a dozen a minute."""
SAMPLE_S = 5.0
WARM_S = 300.0
"""Memory is judged after that: buffers, rings and the allocator have found their size."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One run. Rates and shares are over its whole time, memory after the warm-up.

    wanted, judged: key frames that the cameras sent, and pictures judged. drops: by cause. share_least, share_most: the
    camera with the fewest and the most judged pictures, against the mean. late_p50_s, late_p95_s: from the arrival of a
    key frame to the end of its detection, upper bounds of histogram buckets. cpu: cores used by the worker;
    cameras_cpu: by the simulated cameras. memory_mb: at the end. memory_slope_mb_min: fitted line.
    """

    cameras: int
    minutes: float
    model: str
    wanted: int
    judged: int
    drops: dict[str, int]
    share_least: float
    share_most: float
    late_p50_s: float
    late_p95_s: float
    cpu: float
    cameras_cpu: float
    memory_mb: float
    memory_slope_mb_min: float | None
    memory_peak_mb: float
    reconnects: int
    opened: int
    cleared: int


def carry(
    cameras: int, minutes: float, model: Path | None, every: str, more: Sequence[str], told: Callable[[str], None]
) -> Carried:
    """Raises ``WorkerFailed``."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        urls, simulator = simulated([clip(BUSY), *[clip(STREET)] * (BUSY_SHARE - 1)], cameras, home)
        try:
            city = city_of(home / "city.yaml", urls, RULES, every)
            words = [*more, *(["--model", str(model)] if model else [])]
            worker = WorkerProcess(city, home / "out", words, {KEY_VARIABLE: str(home / "signing.key")})
            worker.start()
            try:
                return _watch(worker, simulator, cameras, minutes, str(model.name if model else "nano.onnx"), told)
            finally:
                worker.stop()
        finally:
            simulator.terminate()
            simulator.wait()


def as_json(carried: Carried) -> dict[str, Any]:
    return asdict(carried)


def simulated(recordings: Sequence[Path], cameras: int, home: Path) -> tuple[dict[str, str], psutil.Popen]:
    """Cameras in a process of their own, so that its processor time can be told apart; their URLs by name.

    Raises ``WorkerFailed``.
    """
    log = home / "simulator.log"
    with log.open("wb") as file:
        words = [PROGRAM, "simulate", *recordings, "--cameras", str(cameras), "--port", "0"]
        process = psutil.Popen([*map(str, words)], stdout=file, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = re.findall(r"rtsp://\S+/(cam\d+)", log.read_text())
        if len(found) >= cameras:
            port = re.search(r"rtsp://[^:]+:(\d+)/", log.read_text())
            assert port is not None
            return {name: f"rtsp://127.0.0.1:{port[1]}/{name}" for name in found[:cameras]}, process
        time.sleep(0.1)
    raise WorkerFailed(log.read_text())


def _watch(
    worker: WorkerProcess,
    simulator: psutil.Popen,
    cameras: int,
    minutes: float,
    model: str,
    told: Callable[[str], None],
) -> Carried:
    process = worker.process()
    _until_all_are_live(worker, cameras)
    before, cpu, its_cpu = _counts(worker), _cpu(process), _cpu(simulator)
    begun, samples = time.monotonic(), []
    while (now := time.monotonic() - begun) < minutes * 60:
        samples.append((now, process.memory_info().rss / 1e6))
        told(f"{now / 60:.1f} of {minutes:g} minutes, {samples[-1][1]:.0f} MB")
        time.sleep(SAMPLE_S)
    lasted_s = time.monotonic() - begun
    after, cpu, its_cpu = _counts(worker), _cpu(process) - cpu, _cpu(simulator) - its_cpu
    judged = [after.frames[c] - before.frames[c] for c in after.frames]
    late = {bound: after.late[bound] - before.late[bound] for bound in after.late}
    warm = [(t, mb) for t, mb in samples if t >= WARM_S]
    slope = float(np.polyfit([t / 60 for t, _ in warm], [mb for _, mb in warm], 1)[0]) if len(warm) > 12 else None
    return Carried(
        cameras=cameras,
        minutes=round(lasted_s / 60, 2),
        model=model,
        wanted=round(cameras * lasted_s / STREET.gop_s),
        judged=sum(judged),
        drops={cause: count - before.drops.get(cause, 0) for cause, count in after.drops.items()},
        share_least=round(min(judged) / (sum(judged) / cameras), 3),
        share_most=round(max(judged) / (sum(judged) / cameras), 3),
        late_p50_s=_quantile(late, 0.5),
        late_p95_s=_quantile(late, 0.95),
        cpu=round(cpu / lasted_s, 2),
        cameras_cpu=round(its_cpu / lasted_s, 2),
        memory_mb=round(samples[-1][1]),
        memory_slope_mb_min=None if slope is None else round(slope, 3),
        memory_peak_mb=round(max(mb for _, mb in samples)),
        reconnects=after.connects - before.connects,
        opened=after.opened - before.opened,
        cleared=after.cleared - before.cleared,
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    frames: dict[str, int]
    drops: dict[str, int]
    late: dict[float, float]
    connects: int
    opened: int
    cleared: int


def _until_all_are_live(worker: WorkerProcess, cameras: int) -> None:
    deadline = time.monotonic() + 60
    while sum(c["state"] == "live" for c in worker.status()["cameras"]) < cameras:
        if time.monotonic() > deadline:
            raise WorkerFailed("not all cameras are live after a minute")
        time.sleep(0.5)
    time.sleep(5.0)


def _counts(worker: WorkerProcess) -> _Counts:
    families = {family.name: family.samples for family in text_string_to_metric_families(worker.metrics())}
    late = {
        float(sample.labels["le"]): sample.value
        for sample in families["streetorder_lateness_seconds"]
        if sample.name.endswith("_bucket")
    }
    drops: dict[str, int] = {}
    for sample in families["streetorder_drops"]:
        drops[sample.labels["cause"]] = drops.get(sample.labels["cause"], 0) + int(sample.value)
    return _Counts(
        frames={s.labels["camera"]: int(s.value) for s in families["streetorder_frames"]},
        drops=drops,
        late=late,
        connects=int(sum(s.value for s in families["streetorder_connects"])),
        opened=_total(families, "streetorder_violations_opened"),
        cleared=_total(families, "streetorder_violations_cleared"),
    )


def _total(families: dict[str, Any], name: str) -> int:
    return int(sum(s.value for s in families.get(name, ()) if s.name.endswith("_total")))


def _quantile(late: dict[float, float], share: float) -> float:
    """The upper bound of the bucket in which it lies."""
    whole = max(late.values())
    return min((bound for bound, count in late.items() if count >= share * whole), default=float("inf"))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
