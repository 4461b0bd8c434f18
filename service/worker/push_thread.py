"""The thread that talks with the service that keeps the cases, for months, whatever happens there or here."""

import random
import threading
from collections.abc import Callable

import structlog

from cases.retry import retry_wait_s
from service.worker.case_service import Away
from service.worker.pushing import Pusher

FIRST_S, LONGEST_S, IDLE_S = 2.0, 60.0, 1.0
LEAVES_S = 10.0
"""For so long an answer is waited for at the end."""

_log = structlog.get_logger("worker")


class PushThread:
    """trouble: why nothing can be pushed at present, else empty. answer: what is done after pushing; may raise
    ``Away`` as well.
    """

    def __init__(self, pusher: Pusher, answer: Callable[[], None], chance: random.Random | None = None):
        self.pusher = pusher
        self.trouble = ""
        self._answer = answer
        self._chance = chance or random.Random()
        self._failures = 0
        self._new, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """The journal holds something new."""
        self._new.set()

    def close(self) -> None:
        """After what is being pushed, where that is soon; the rest is pushed by the next process."""
        self._stopping.set()
        self._new.set()
        self.pusher.stop()
        if self._thread.is_alive():
            self._thread.join(LEAVES_S)
        if not self._thread.is_alive():  # else it ends with the process
            self.pusher.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self.pusher.once()
                self._answer()
            except Exception as problem:  # Away, a full disk, an answer that is none
                self._stopping.wait(self._failed(problem))  # not woken by what is new: it could not be pushed either
                continue
            self.trouble, self._failures = "", 0
            if not busy:
                self._new.wait(IDLE_S)
                self._new.clear()

    def _failed(self, problem: Exception) -> float:
        """Seconds until it is tried again."""
        if not self.trouble:
            _log.warning("events wait in the journal", why=str(problem), exc_info=not isinstance(problem, Away))
        self.trouble = str(problem) or type(problem).__name__
        self._failures += 1
        return retry_wait_s(self._failures - 1, FIRST_S, LONGEST_S, self._chance)
