"""Everything that goes wrong with cameras, one after the other, on one of several: how soon is it noticed, how soon is
it over, and what do the others lose?
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.chaos_proxy import ChaosProxy
from benchmarks.clips import Recipe, clip
from benchmarks.worker_process import WorkerFailed, WorkerProcess, city_of
from streams.simulator.faults import Fault
from streams.simulator.simulator import Simulator
from vision.keys import KEY_VARIABLE

SERVERS = ("simulator", "gstreamer")
STREET = Recipe(size=(1280, 720), seconds=600.0, bit_rate=1_500_000, fps=10)
LARGER = Recipe(size=(1920, 1080), seconds=60.0, fps=10)
OTHER = Recipe(size=(1280, 720), seconds=60.0, codec="hevc", bit_rate=1_000_000, fps=10)
STILL = Recipe(size=(1280, 720), seconds=60.0, bit_rate=1_500_000, fps=10, seed=1, frozen=True)
LASTS_S = 25.0
"""How long each fault lasts, or until it was noticed if that takes longer."""
GUARD_S = 90.0
STEADY = 10
"""Pictures before anything happens: what is usual in a view has to be known."""
SYSTEM_PYTHON = "/usr/bin/python3"

State = dict[str, Any]


class Camera(Protocol):
    """What a fault happens to."""

    def fault(self, kind: Fault, value: float | str = 0.0) -> None: ...

    def heal(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Case:
    """name: for people. noticed: what the worker's status of the camera says then, against that before."""

    name: str
    kind: Fault
    value: float | str
    noticed: Callable[[State, State], bool]
    at_start: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds until the worker's status showed it, and from its end to the next judged picture; None: never.

    others_lost: pictures that the other cameras sent and the worker did not judge.
    """

    fault: str
    noticed_s: float | None
    recovered_s: float | None
    said: str
    others_lost: int


def _broken(now: State, before: State) -> bool:
    return bool(now["state"] != "live" or sum(now["troubles"].values()) > sum(before["troubles"].values()))


def _frozen(now: State, before: State) -> bool:
    return bool(now["faults"].get("frozen", 0) > before["faults"].get("frozen", 0))


def _undecodable(now: State, before: State) -> bool:
    return now["undecodable"] > before["undecodable"] or _broken(now, before)


def _jumped(now: State, before: State) -> bool:
    return bool(now["clock_jumps"] > before["clock_jumps"])


def cases(server: str) -> list[Case]:
    """The twelve. Values of those that serve another recording are its path, or its name on the server."""
    paths: dict[str, float | str] = {"larger": str(clip(LARGER)), "other": str(clip(OTHER)), "still": 0.0}
    if server == "gstreamer":
        paths = {name: name for name in paths}
    return [
        Case("down at start", Fault.DOWN, 0.0, _broken, at_start=True),
        Case("wrong password", Fault.UNAUTHORISED, 0.0, _broken, at_start=True),
        Case("cut", Fault.CUT, 0.0, _broken),
        Case("stall without packets", Fault.STALL, 0.0, _broken),
        Case("frozen picture", Fault.FREEZE, paths["still"], _frozen),
        Case("garbage", Fault.GARBAGE, 0.0, _undecodable),
        Case("packet loss 5 %", Fault.LOSS, 0.05, _undecodable),
        Case("codec change", Fault.CODEC, paths["other"], _broken),
        Case("resolution change", Fault.RESOLUTION, paths["larger"], _broken),
        Case("clock jumps an hour forward", Fault.CLOCK_JUMP, 3600.0, _jumped),
        Case("clock jumps an hour back", Fault.CLOCK_JUMP, -3600.0, _jumped),
        Case("slow trickle, 3 kB/s", Fault.SLOW, 3000.0, _broken),
    ]


def drill(server: str, cameras: int, only: str, told: Callable[[str], None]) -> list[Outcome]:
    """only: part of the names of the faults to try, "" for all.

    Raises ``WorkerFailed``, also where GStreamer's server is not installed.
    """
    outcomes = []
    with tempfile.TemporaryDirectory() as folder, _serving(server, cameras, Path(folder)) as (first, urls):
        chosen = [case for case in cases(server) if only in case.name]
        for number, case in enumerate(chosen, 1):
            told(f"{server}: {number} of {len(chosen)}, {case.name}")
            home = Path(folder) / f"run{number}"
            home.mkdir()
            worker = WorkerProcess(
                city_of(home / "city.yaml", urls), home / "out", environment={KEY_VARIABLE: str(home / "key")}
            )
            if case.at_start:
                first.fault(case.kind, case.value)
            worker.start()
            try:
                outcomes.append(_one(case, worker, first))
            finally:
                first.heal()
                worker.stop()
    return outcomes


def as_json(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    return [asdict(outcome) for outcome in outcomes]


def _one(case: Case, worker: WorkerProcess, first: Camera) -> Outcome:
    steady = [f"cam{n:03}" for n in range(2, 1 + len(worker.status()["cameras"]))]
    healthy = steady if case.at_start else ["cam001", *steady]
    _wait(lambda: all(_states(worker)[c]["frames"] >= STEADY for c in healthy))
    before, begun = _states(worker), time.monotonic()
    if not case.at_start:
        first.fault(case.kind, case.value)
    before_fault = before["cam001"] if not case.at_start else before["cam001"] | {"troubles": {}}
    noticed_s = _wait(lambda: case.noticed(_states(worker)["cam001"], before_fault))
    time.sleep(max(0.0, LASTS_S - (time.monotonic() - begun)))
    said = _said(_states(worker)["cam001"], before_fault)
    first.heal()
    frames = _states(worker)["cam001"]["frames"]
    recovered_s = _wait(lambda: _recovered(_states(worker)["cam001"], frames, case))
    after, lasted_s = _states(worker), time.monotonic() - begun
    lost = 0
    for camera in steady:
        sent = int((lasted_s - after[camera]["frame_age_s"]) // STREET.gop_s)
        lost += max(0, sent - 1 - (after[camera]["frames"] - before[camera]["frames"]))
        lost += sum(after[camera]["drops"].values()) - sum(before[camera]["drops"].values())
        lost += after[camera]["undecodable"] - before[camera]["undecodable"]
    rounded = [None if s is None else round(s, 1) for s in (noticed_s, recovered_s)]
    return Outcome(case.name, rounded[0], rounded[1], said, lost)


def _recovered(now: State, frames: int, case: Case) -> bool:
    if case.noticed is _frozen:
        return bool(now["state"] == "live" and now["frames"] > frames and now["fault"] is None)
    return bool(now["state"] == "live" and now["frames"] > frames)


def _said(now: State, before: State) -> str:
    """What the worker's status named it."""
    troubles = [k for k, v in now["troubles"].items() if v > before["troubles"].get(k, 0)]
    troubles += [k for k, v in now["faults"].items() if v > before["faults"].get(k, 0)]
    troubles += ["clock_jumps"] if now["clock_jumps"] > before["clock_jumps"] else []
    troubles += ["undecodable"] if now["undecodable"] > before["undecodable"] else []
    return ", ".join(troubles)


def _states(worker: WorkerProcess) -> dict[str, State]:
    return {c["camera_id"]: c for c in worker.status()["cameras"]}


def _wait(until: Callable[[], bool]) -> float | None:
    """Seconds until it was so; None if it never was."""
    begun = time.monotonic()
    while time.monotonic() - begun < GUARD_S:
        if until():
            return time.monotonic() - begun
        time.sleep(0.1)
    return None


class _Simulated:
    def __init__(self, simulator: Simulator):
        self._simulator = simulator

    def fault(self, kind: Fault, value: float | str = 0.0) -> None:
        self._simulator.fault(0, kind, value or None)

    def heal(self) -> None:
        self._simulator.heal(0)


@contextmanager
def _serving(server: str, cameras: int, home: Path) -> Iterator[tuple[Camera, dict[str, str]]]:
    """The camera that fails, and the URLs of all."""
    names = [f"cam{n + 1:03}" for n in range(cameras)]
    if server == "simulator":
        with Simulator([clip(STREET)], cameras, own_ports=True) as simulator:
            yield _Simulated(simulator), {name: simulator.url(name) for name in names}
        return
    with _gstreamer(names, home) as port, ChaosProxy(port, "cam001") as proxy:
        urls = {name: f"rtsp://127.0.0.1:{port}/{name}" for name in names[1:]}
        yield proxy, {"cam001": proxy.url} | urls


@contextmanager
def _gstreamer(names: list[str], home: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    served = [f"{name}=h264:{clip(STREET)}" for name in names]
    served += [f"larger=h264:{clip(LARGER)}", f"other=hevc:{clip(OTHER)}", f"still=h264:{clip(STILL)}"]
    script = Path(__file__).with_name("gst_cameras.py")
    log = home / "gstreamer.log"
    with log.open("wb") as file:
        process = subprocess.Popen([SYSTEM_PYTHON, script, str(port), *served], stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 20
        while b"ready" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                raise WorkerFailed(
                    "GStreamer's RTSP server does not start (Debian: gir1.2-gst-rtsp-server-1.0,"
                    f" gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad, python3-gi): {log.read_text()[-500:]}"
                )
            time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()
