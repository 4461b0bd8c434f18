"""``streetorder simulate``: recordings served as RTSP cameras."""

import ipaddress
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.commands.failing import fail, told_plainly
from service.commands.simulate_faults import PlannedFault, planned_faults
from service.simulated_city import CityFileTaken, write_city
from streams.simulator.simulator import Simulator
from streams.source import redact


def simulate(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="Recordings, H.264 or H.265; the cameras take them in turn.", show_default=False),
    ] = None,
    cameras: Annotated[
        int | None, typer.Option("--cameras", metavar="N", help="How many cameras; one per recording if left out.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any that is free.")] = 8554,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    user: Annotated[str | None, typer.Option("--user", help="Ask for this user; needs a password.")] = None,
    password: Annotated[
        str | None, typer.Option("--password", envvar="STREETORDER_SIMULATE_PASSWORD", help="Of --user.")
    ] = None,
    rtcp: Annotated[
        bool, typer.Option("--rtcp/--no-rtcp", help="Tell the cameras' clock; many cheap cameras do not.")
    ] = True,
    own_ports: Annotated[
        bool, typer.Option("--own-ports", help="A port for each camera, counting from --port, so that one can refuse.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="CAMERA=KIND[:VALUE][@BEGIN[+LENGTH]]", help="In seconds. May be repeated."),
    ] = None,
    city: Annotated[
        Path | None, typer.Option("--city", metavar="FILE", help="Write a city file (YAML) with these cameras.")
    ] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", metavar="S", min=0, help="Stop after so long.")] = None,
) -> None:
    """Serve recordings as looping RTSP cameras, with faults on request, until Ctrl-C.

    Exit code 0: stopped; 2: wrong use; 3: the city file could not be written.
    """
    with told_plainly():
        if not sources:
            fail("simulate what? Name one or more recordings (H.264 or H.265), such as street.mp4")
        simulator = _simulator(
            sources, cameras, host=host, port=port, user=user, password=password, rtcp=rtcp, own_ports=own_ports
        )
        planned = _checked(fault or [], simulator)
        with _stopping() as stopping:
            _start(simulator)
            try:
                if city is not None:
                    write_city(city, {name: simulator.url(name) for name in simulator.names})
                _tell(simulator, host, city)
                _run(simulator, planned, stopping, seconds)
            except CityFileTaken as problem:
                fail(str(problem))
            finally:
                simulator.stop()


def _simulator(sources: list[Path], cameras: int | None, **options: str | int | None) -> Simulator:
    if (options["user"] is None) != (options["password"] is None):
        fail("--user and --password go together; the password may stand in STREETORDER_SIMULATE_PASSWORD")
    try:
        return Simulator(sources, len(sources) if cameras is None else cameras, **options)  # type: ignore[arg-type]
    except ValueError as problem:
        fail(f"--cameras: {problem}")


def _checked(texts: list[str], simulator: Simulator) -> list[PlannedFault]:
    try:
        planned = planned_faults(texts)
        for one in planned:
            simulator.check(one.camera, one.kind, one.value)
    except (ValueError, KeyError) as problem:
        fail(f"--fault {problem.args[0]}")
    return planned


def _start(simulator: Simulator) -> None:
    try:
        simulator.start()
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        fail(f"cannot listen on port {simulator.port} of {simulator.host}: {reason}; see --host and --port")


def _tell(simulator: Simulator, host: str, city: Path | None) -> None:
    if not _loopback(host):
        typer.echo(f"Whoever reaches {host} sees these recordings; 127.0.0.1 is for this machine only.", err=True)
    for path in simulator.shortened:
        typer.echo(f"{path}: only its beginning is served, for it is kept in memory", err=True)
    for name in simulator.names:
        typer.echo(redact(simulator.url(name)))
    if city is not None:
        typer.echo(f"streetorder worker --cameras {city}")


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Set by Ctrl-C or SIGTERM."""
    event = threading.Event()
    before = {n: signal.signal(n, lambda *_: event.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _run(simulator: Simulator, planned: list[PlannedFault], stopping: threading.Event, seconds: float | None) -> None:
    """Faults at their times, then nothing until somebody ends it."""
    began_s = time.monotonic()

    def wait_until(at_s: float | None) -> bool:
        wait_s = None if at_s is None else max(0.0, began_s + at_s - time.monotonic())
        return stopping.wait(min(wait_s, threading.TIMEOUT_MAX) if wait_s is not None else None)

    for one in planned:
        if seconds is not None and one.begin_s > seconds:
            break
        if wait_until(one.begin_s):
            return
        simulator.fault(one.camera, one.kind, one.value, one.length_s)
        typer.echo(f"{one.begin_s:g} s: {one}")
    wait_until(seconds)
