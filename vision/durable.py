"""Files that are there whole or not at all, also after a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished"


def write_durably(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write and sync ``data`` beside ``path``, then rename it into place; what cannot be finished is removed.

    mode: who may read it, from the first byte on; what the system gives where left out.

    The rename itself is durable after ``sync_folder``. Raises ``OSError`` (a full disk, mostly).
    """
    staged = path.with_name(path.name + UNFINISHED)
    try:
        with staged.open("wb") as out:
            if mode is not None:
                os.fchmod(out.fileno(), mode)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def append_durably(path: Path, data: bytes) -> None:
    """Append and sync; after an ``OSError`` the file is as long as it was before."""
    with path.open("ab", buffering=0) as out:  # a buffer would try again while the file is closed
        length = out.seek(0, os.SEEK_END)
        try:
            while data:
                data = data[out.write(data) :]
            os.fsync(out.fileno())
        except OSError:
            os.ftruncate(out.fileno(), length)
            raise


def sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Say which file an ``OSError`` is about: the system does when it cannot be opened, not when the disk is full."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
