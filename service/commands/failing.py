"""How commands end when something is wrong: one clear line on standard error, no traceback, a code that says what."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from streams.source import redact

SOME_FAILED, WRONG_USE, NOT_WRITTEN, INTERRUPTED = 1, 2, 3, 130


class Failed(typer.Exit):
    """The command ends here; ``message`` was said."""

    def __init__(self, message: str, code: int):
        super().__init__(code)
        self.message = message


def fail(message: str, code: int = WRONG_USE) -> NoReturn:
    """Say it on standard error, without credentials, and end."""
    typer.echo(redact(message), err=True)
    raise Failed(redact(message), code)


@contextmanager
def told_plainly(as_json: bool = False) -> Iterator[None]:
    """Turn what a person can mend into one line; everything else stays a traceback, for it is our mistake.

    as_json: whoever reads standard output finds one object there, as always.
    """
    try:
        with _failing():
            yield
    except Failed as failed:
        if as_json:
            typer.echo(json.dumps({"error": failed.message, "exit_code": failed.exit_code}, ensure_ascii=False))
        raise


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        fail("interrupted", INTERRUPTED)
    except typer.Exit:
        raise
    except Exception as error:
        from service.commands import mendable  # it loads all that can fail, which commands that do not fail need not

        if isinstance(error, mendable.NOT_WRITTEN):
            fail(_not_written(error), NOT_WRITTEN)
        if isinstance(error, mendable.BY_PEOPLE):
            fail(str(error))
        raise


def _not_written(error: BaseException) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, OSError):
        where = f"{cause.filename}: " if cause.filename else ""
        full = (
            " Nothing half-written was left; free some space and run the same command again."
            if cause.errno in (errno.ENOSPC, errno.EDQUOT)
            else ""
        )
        what = os.strerror(cause.errno) if cause.errno else str(cause)
        return f"{where}{what}.{full}"
    return str(cause)
