"""``streetorder worker``: a pool of live cameras, watched until somebody stops it."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.dwells import dwells
from service.commands.failing import fail, told_plainly


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
        typer.Option(
            "--decisions",
            metavar="FILE",
            help="What operators decided, read again whenever it changes: rejected places stay quiet.",
        ),
    ] = None,
    push: Annotated[
        str | None, typer.Option("--push", metavar="URL", help="The service that keeps the cases (streetorder serve).")
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
    detector_threads: Annotated[
        int, typer.Option("--detector-threads", min=0, help="Cores for the detector; 0 for all of the machine.")
    ] = 0,
    slots: Annotated[
        int, typer.Option("--slots", min=1, help="Cameras under patrol that are visited at the same time.")
    ] = 40,
    batch: Annotated[int, typer.Option("--batch", min=1, max=8, help="Frames detected together at most.")] = 4,
    log_json: Annotated[bool, typer.Option("--log-json", help="One line of JSON for each message.")] = False,
) -> None:
    """Watch a pool of live cameras: violations with evidence, until SIGTERM or Ctrl-C.

    Exit code 0: stopped in order; 2: wrong use; 3: results could not be written.
    """
    # Here, because a web framework takes a third of a second to load, and every other command would wait for it.
    from service.worker.running import Options, watch_pool

    host, port = _address(listen)
    with told_plainly():
        options = Options(
            cameras=cameras,
            pool=pool,
            out=out,
            model=model,
            dwell=dwells(dwell or []),
            decisions=decisions,
            push=push,
            record=record,
            host=host,
            port=port,
            decoders=decoders,
            detector_threads=detector_threads,
            slots=slots,
            batch=batch,
            log_json=log_json,
        )
        watch_pool(options)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        fail(f"--listen {text}: HOST:PORT is needed, such as 127.0.0.1:8480")
    return host.strip("[]"), int(port)
