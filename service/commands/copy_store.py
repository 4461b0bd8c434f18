"""``streetorder copy-store``: a city that outgrew SQLite takes its cases along."""

from typing import Annotated

import typer

from service.commands.failing import NOT_WRITTEN, fail, told_plainly


def copy_store(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Database: sqlite:///FILE or postgresql+psycopg://...")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Another one, empty.")],
) -> None:
    """Copy all cases, people and keys into an empty database; the evidence stays where it is. Stop the service first.

    Exit code 0: all of it is there; 2: wrong use; 3: a database cannot be used, and nothing was copied.
    """
    from cases.store import copying
    from cases.store.engine import StoreProblem, open_store

    with told_plainly():
        try:
            count = copying.copy_store(open_store(source), open_store(target), typer.echo)
        except StoreProblem as problem:
            fail(str(problem), NOT_WRITTEN)
        typer.echo(f"{count} rows copied; start the service with the new --store and the same --evidence")
