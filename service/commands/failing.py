"""How commands end when something is wrong: one clear line on standard error, no traceback, a code that says what."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from models.card import ModelRefused
from service.city import CityFileError
from service.results import NoResults
from streams.discover import SourceProblem
from streams.opening import Unreadable
from streams.source import redact
from vision.evidence import EvidenceFailed
from vision.journal import JournalProblem
from vision.keys import KeyProblem
from vision.seal import SealProblem
from vision.verify import NothingToVerify

SOME_FAILED, WRONG_USE, NOT_WRITTEN, INTERRUPTED = 1, 2, 3, 130


def fail(message: str, code: int = WRONG_USE) -> NoReturn:
    """Say it on standard error, without credentials, and end."""
    typer.echo(redact(message), err=True)
    raise typer.Exit(code)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what a person can mend into one line; everything else stays a traceback, for it is our mistake."""
    try:
        yield
    except (
        SourceProblem,
        CityFileError,
        ModelRefused,
        KeyProblem,
        SealProblem,
        JournalProblem,
        NoResults,
        Unreadable,
        NothingToVerify,
    ) as error:
        fail(str(error))
    except (EvidenceFailed, OSError) as error:
        fail(_not_written(error), NOT_WRITTEN)


def _not_written(error: BaseException) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, OSError):
        where = f"{cause.filename}: " if cause.filename else ""
        full = (
            " Nothing half-written was left; free some space and run the same command again."
            if cause.errno == 28
            else ""
        )
        return f"{where}{cause.strerror or cause}.{full}"
    return str(cause)
