"""Runs of the program that something happens to at an exact moment: each write that must last is one.

The command runs in a forked copy of a server that has everything loaded, so that a hundred runs take seconds.
"""

import errno
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from vision.keys import KEY_VARIABLE

Mishap = Literal["killed", "interrupt", "terminate", "disk full", "nothing"]
NEVER = 1 << 30


def run(
    words: Sequence[str | Path], key: Path, said: Path, mishap: Mishap, at: int = NEVER, save_every_s: float = 0
) -> int:
    """Run a command until its ``at``-th durable write, counted from 1, where the mishap comes; returns the exit code.

    said: what it prints, both streams; its last line counts the writes. save_every_s: instead of the usual 15 s.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["service.cli", "tests.crashes"])
    process = context.Process(target=_child, args=([*map(str, words)], key, said, mishap, at, save_every_s))
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        raise AssertionError(f"{words} hangs: {said.read_text(encoding='utf-8')}")
    code = process.exitcode
    assert code is not None
    return code


def writes(said: Path) -> int:
    """How many durable writes a run that came to its end made."""
    return int(said.read_text(encoding="utf-8").splitlines()[-1])


def _child(words: list[str], key: Path, said: Path, mishap: Mishap, at: int, save_every_s: float) -> None:
    from service import scoring
    from service.cli import make_app

    os.environ[KEY_VARIABLE] = str(key)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.stdout, sys.stderr = (os.fdopen(n, "w", buffering=1, closefd=False) for n in (1, 2))
    scoring.SAVE_EVERY_S = save_every_s
    lock, count, real = threading.Lock(), 0, os.fsync

    def fsync(file: int) -> None:
        nonlocal count
        with lock:
            count += 1
            now = count
        if now == at and mishap != "disk full":
            os.kill(
                os.getpid(), {"killed": signal.SIGKILL, "interrupt": signal.SIGINT, "terminate": signal.SIGTERM}[mishap]
            )
        if now >= at and mishap == "disk full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    os.fsync = fsync  # type: ignore[assignment]
    try:
        make_app(words[0])(words, prog_name="streetorder")
    finally:
        print(count, flush=True)
