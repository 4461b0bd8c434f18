"""The process that makes copies without faces and plates, kept running beside the service."""

import os
import subprocess
import sys
import time
from pathlib import Path

import structlog

AGAIN_S, ENDS_S = 10.0, 10.0

_log = structlog.get_logger("privacy")


class CopyProcess:
    """``watch`` starts it, and again where it ended: until it makes copies nothing but originals can be looked at."""

    def __init__(self, store: str, evidence: str, model: Path | None, log_json: bool = False):
        program = [sys.executable, "-P", "-c", "from service.cli import main; main()"]
        self._command = [*program, "copies", "--evidence", evidence, *(["--model", str(model)] if model else [])]
        self._command += ["--log-json"] if log_json else []
        # Not among the words, which everybody on the machine can read: it may hold a password.
        self._environment = os.environ | {"STREETORDER_STORE": store}
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = float("-inf")

    def watch(self) -> None:
        """Called now and then."""
        if self._process is not None and (ended := self._process.poll()) is not None:
            _log.error("the process that makes copies ended; it is started again", code=ended)
            self._process = None
        if self._process is None and time.monotonic() - self._started_s >= AGAIN_S:
            self._started_s = time.monotonic()
            try:
                self._process = subprocess.Popen(self._command, env=self._environment)
            except OSError as error:  # no memory, mostly: it is tried again
                _log.error("the process that makes copies cannot be started", why=str(error))

    def close(self) -> None:
        """After the copy in hand; killed where that takes long, and made by the next one."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
