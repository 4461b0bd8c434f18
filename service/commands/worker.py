"""``streetorder worker``: a pool of live cameras, watched until somebody stops it."""

import os
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer

from models.detector import load_detector
from service.city import City, load_city
from service.commands.dwells import dwells
from service.commands.failing import fail, told_plainly
from service.commands.score import decided_by
from service.results import STATE
from service.worker.cameras import Cameras
from service.worker.city_watch import CityWatch
from service.worker.live_plan import LivePlan, live_plans, not_live
from service.worker.logs import configure_logs
from service.worker.overrides import Overrides
from service.worker.web import WebServer
from service.worker.worker import Setup, Worker
from vision.durable import naming
from vision.keys import default_key_path, load_or_make

_log = structlog.get_logger("worker")


def worker(
    cameras: Annotated[Path, typer.Option("--cameras", help="City file (YAML); it is read again whenever it changes.")],
    pool: Annotated[
        str | None, typer.Option("--pool", metavar="NAME", help="Only the cameras of this pool; all if left out.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for journal, evidence and state.")] = Path("results"),
    model: Annotated[
        Path | None, typer.Option("--model", help="Model file (ONNX); the shipped one if left out.")
    ] = None,
    dwell: Annotated[
        list[str] | None,
        typer.Option("--dwell", metavar="KEY=SECONDS", help="How long a thing must stay, by type. May be repeated."),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option("--decisions", metavar="FILE", help="What operators decided: rejected places stay quiet."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="DIR", help="Keep all detections here, for streetorder replay.")
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where health, metrics and status are served.")
    ] = "127.0.0.1:8480",
    decoders: Annotated[
        int | None, typer.Option("--decoders", min=1, help="Threads that decode; one for each core if left out.")
    ] = None,
    slots: Annotated[
        int, typer.Option("--slots", min=1, help="Cameras under patrol that are visited at the same time.")
    ] = 40,
    batch: Annotated[int, typer.Option("--batch", min=1, max=8, help="Frames detected together at most.")] = 4,
    log_json: Annotated[bool, typer.Option("--log-json", help="One line of JSON for each message.")] = False,
) -> None:
    """Watch a pool of live cameras: violations with evidence, until SIGTERM or Ctrl-C.

    Exit code 0: stopped in order; 2: wrong use; 3: results could not be written.
    """
    host, port = _address(listen)
    configure_logs(log_json)
    with told_plainly():
        city = load_city(cameras)
        detector = load_detector(model)
        decided, longer = decided_by(decisions, out), dwells(dwell or [])

        def plans(city: City) -> dict[str, LivePlan]:
            found = live_plans(city, pool, detector.card, longer, decided)
            for camera_id in not_live(city, pool):
                _log.warning("not a live camera: its source is a recording, see streetorder score", camera=camera_id)
            return found

        if not plans(city):
            pools = ", ".join(sorted({c.pool for c in city.cameras}))
            where = f"pool {pool!r}" if pool else "the city file"
            fail(f"{cameras}: {where} has no camera with a URL; its pools are {pools}")
        key, made = load_or_make(default_key_path())
        if made:
            _log.info("made a signing key: keep it safe (streetorder keys)", path=str(default_key_path()))
        setup = Setup(out, detector, key, decoders or len(os.sched_getaffinity(0)), slots, batch, record)
        with naming(out):
            watching = Worker(setup)
        their = Cameras(watching, city, Overrides(out / STATE / "cameras.json"), plans)
        first = their.plans()
        web = _serve(watching, their, host, port)

        def refused(problems: str) -> None:
            watching.configuration = problems

        watch = CityWatch(cameras, their.use, refused)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: watching.stop())
        watching.do(lambda: watching.watch_these(first))
        watch.start()
        _log.info("watching", cameras=len(first), pool=pool, results=str(out), address=f"http://{host}:{web.port}")
        try:
            watching.run()
        finally:
            watch.close()
            web.close()
        _log.info("stopped in order")


def _serve(watching: Worker, their: Cameras, host: str, port: int) -> WebServer:
    try:
        return WebServer(watching, their, host, port)
    except OSError as error:
        fail(f"--listen {host}:{port}: {os.strerror(error.errno) if error.errno else error}; name another port")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        fail(f"--listen {text}: HOST:PORT is needed, such as 127.0.0.1:8480")
    return host.strip("[]"), int(port)
