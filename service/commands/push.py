"""``streetorder push``: what was scored from recordings becomes cases."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.failing import SOME_FAILED, fail, told_plainly


def push(
    results: Annotated[Path, typer.Argument(help="Folder that streetorder score, or a worker that has ended, wrote.")],
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="The service that keeps the cases (streetorder serve).")
    ],
    again: Annotated[
        bool, typer.Option("--again", help="Push all of it, for a service that lost it (a copy was brought back).")
    ] = False,
) -> None:
    """Push violations and their evidence to the service that keeps the cases; what it has already changes nothing.

    The environment variable STREETORDER_PUSH_KEY holds an API key with the scope push. Exit code 0: all of it is there;
    1: the service is away, or does not want something; 2: wrong use.
    """
    from service.results import JOURNAL, NoResults, claim
    from service.worker.case_service import Away, CaseService
    from service.worker.logs import configure_logs
    from service.worker.pushing import Pusher
    from vision.journal import Journal

    with told_plainly():
        configure_logs(as_json=False)
        service = CaseService.named("--to", to)
        if not (results / JOURNAL).exists():
            raise NoResults(f"{results}: no {JOURNAL} here; streetorder score writes one")
        with claim(results):
            pusher = Pusher(service, results, Journal(results / JOURNAL), again=again)
            try:
                count = pusher.once()
            except Away as away:
                left = f"{pusher.waiting} events are not pushed: run the same command again when that is mended"
                fail(f"{to}: {away}; {left}", SOME_FAILED)
            finally:
                pusher.close()
        if pusher.refused:
            why = "the lines above say why; the same command tries them again"
            fail(f"{count} pushed to {to}, {pusher.refused} events and files are not wanted there: {why}", SOME_FAILED)
        typer.echo(f"{count} events and files pushed to {to}" if count else f"{to} has all of it already")
