"""``streetorder push``: what was scored from recordings becomes cases."""

import os
from pathlib import Path
from typing import Annotated

import typer

from service.commands.failing import SOME_FAILED, fail, told_plainly


def push(
    results: Annotated[Path, typer.Argument(help="Folder that streetorder score, or a worker that has ended, wrote.")],
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="The service that keeps the cases (streetorder serve).")
    ],
) -> None:
    """Push violations and their evidence to the service that keeps the cases; what it has already changes nothing.

    The environment variable STREETORDER_PUSH_KEY holds an API key with the scope push. Exit code 0: all of it is there;
    1: the service is away, or did not want something; 2: wrong use.
    """
    from service.results import JOURNAL, NoResults, claim
    from service.worker.case_service import PUSH_KEY_VARIABLE, Away, CaseService
    from service.worker.pushing import Pusher
    from vision.journal import Journal

    with told_plainly():
        key = os.environ.get(PUSH_KEY_VARIABLE)
        if not key:
            fail(f"the environment variable {PUSH_KEY_VARIABLE} must hold an API key with the scope push")
        if not (results / JOURNAL).exists():
            raise NoResults(f"{results}: no {JOURNAL} here; streetorder score writes one")
        with claim(results):
            pusher = Pusher(CaseService(to, key), results, Journal(results / JOURNAL))
            try:
                count = pusher.once()
            except Away as away:
                fail(f"{to}: {away}; {pusher.waiting} events are not pushed: run the same command again", SOME_FAILED)
            finally:
                pusher.close()
        typer.echo(f"{count} events and files pushed to {to}" if count else f"{to} has all of it already")
        if pusher.refused:
            fail(f"{pusher.refused} of them the service did not want; the lines above say why", SOME_FAILED)
