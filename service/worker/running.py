"""From the command's words to a worker that watches, and to its end."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from labels.datasets.records import LabelsError
from models.detector import load_detector
from service.city import City, load_city
from service.commands.failing import fail
from service.decided import Decided
from service.results import STATE
from service.worker.answering import Answering
from service.worker.cameras import Cameras
from service.worker.case_service import CaseService
from service.worker.file_watch import FileWatch
from service.worker.live_plan import LivePlan, live_plans
from service.worker.logs import configure_logs
from service.worker.overrides import Overrides
from service.worker.push_thread import PushThread
from service.worker.pushing import Pusher
from service.worker.web import WebServer
from service.worker.worker import Setup, Worker
from vision.durable import naming
from vision.keys import default_key_path, load_or_make

_log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for; see ``streetorder worker --help``. decoders: None for one
    a core. detector_threads: 0 for all cores."""

    cameras: Path
    pool: str | None
    out: Path
    model: Path | None
    dwell: Mapping[str, float]
    decisions: Path | None
    push: str | None
    record: Path | None
    host: str
    port: int
    decoders: int | None
    detector_threads: int
    slots: int
    batch: int
    log_json: bool


def watch_pool(options: Options) -> None:
    """Until SIGTERM or Ctrl-C. Fails plainly for what a person can mend; raises ``OSError`` too."""
    configure_logs(options.log_json)
    service = None if options.push is None else CaseService.named("--push", options.push)
    city = load_city(options.cameras)
    detector = load_detector(options.model, threads=options.detector_threads)

    def plans(city: City, decided: Decided) -> dict[str, LivePlan]:
        return live_plans(city, options.pool, detector.card, options.dwell, decided)

    if not plans(city, Decided()):
        pools = ", ".join(sorted({c.pool for c in city.cameras}))
        where = f"pool {options.pool!r}" if options.pool else "the city file"
        fail(f"{options.cameras}: {where} has no camera; its pools are {pools}")
    key, made = load_or_make(default_key_path())
    if made:
        _log.info("made a signing key: keep it safe (streetorder keys)", path=str(default_key_path()))
    threads = options.decoders or len(os.sched_getaffinity(0))
    setup = Setup(options.out, detector, key, threads, options.slots, options.batch, options.record, options.decisions)
    with naming(options.out):
        worker = Worker(setup)
    try:
        decided = worker.decisions.read()
    except LabelsError as error:
        fail(f"--decisions {error}")
    push = worker.push = None if service is None else _push_thread(service, options.out, worker)
    cameras = Cameras(worker, city, decided, Overrides(options.out / STATE / "cameras.json"), plans)
    first = cameras.plans()
    web = _serve(worker, cameras, options.host, options.port)

    watches = _watches(options, worker, cameras)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stop())
    worker.do(lambda: worker.watch_these(first))
    for watch in watches:
        watch.start()
    if push is not None:
        push.start()
    address = f"http://{options.host}:{web.port}"
    _log.info(
        "watching",
        cameras=len(first),
        pool=options.pool,
        results=str(options.out),
        address=address,
        runs_on=detector.provider,
    )
    try:
        worker.run()
    finally:
        for watch in watches:
            watch.close()
        web.close()
        if push is not None:
            push.close()
    _log.info("stopped in order")


def _push_thread(service: CaseService, results: Path, worker: Worker) -> PushThread:
    answering = Answering(service, worker.journal, worker.still_there)
    return PushThread(Pusher(service, results, worker.journal), answering.once)


def _watches(options: Options, worker: Worker, cameras: Cameras) -> list[FileWatch]:
    def city_refused(problems: str) -> None:
        worker.configuration = problems

    def decisions_refused(problems: str) -> None:
        worker.decisions_problem = problems

    watches = [FileWatch(options.cameras, lambda: cameras.use(load_city(options.cameras)), city_refused)]
    if options.decisions is not None:
        heed = FileWatch(options.decisions, lambda: cameras.heed(worker.decisions.read()), decisions_refused)
        watches.append(heed)
    return watches


def _serve(worker: Worker, cameras: Cameras, host: str, port: int) -> WebServer:
    try:
        return WebServer(worker, cameras, host, port)
    except OSError as error:
        fail(f"--listen {host}:{port}: {os.strerror(error.errno) if error.errno else error}; name another port")
