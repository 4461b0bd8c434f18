"""What has to be done from time to time: overdue cases go a level up, others are asked what they did, old evidence and
files that belong to nothing are deleted.
"""

import threading
import time
from datetime import timedelta

import structlog

from cases.dispatch.delivery import forget
from cases.dispatch.feedback import feed_back
from cases.leftovers import sweep
from cases.overdue import escalate
from cases.retention import delete_old
from service.api.office import Office
from vision.keys import SigningKey

LOOK_S = 30.0
ASK_EVERY_S = 300.0
DAY_S, MESSAGES_KEPT = 24 * 3600.0, timedelta(days=30)
WEEK_S = 7 * DAY_S

_log = structlog.get_logger("cases")


class Caretaker:
    """keep: for so long evidence stays. key: signs the tombstones of what is deleted."""

    def __init__(self, office: Office, keep: timedelta, key: SigningKey):
        self._office = office
        self._keep = keep
        self._key = key
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        duties = [
            (LOOK_S, self._escalate),
            (ASK_EVERY_S, self._ask),
            (DAY_S, self._delete),
            (DAY_S, self._tidy),
            (WEEK_S, self._sweep),
        ]
        next_s = [0.0] * len(duties)
        while not self._stopping.is_set():
            for n, (every_s, duty) in enumerate(duties):
                if time.monotonic() < next_s[n] or self._stopping.is_set():
                    continue
                next_s[n] = time.monotonic() + every_s
                try:
                    duty()
                except Exception:  # the database is away, mostly; others are not held up
                    _log.exception("what is due from time to time was not done")
            self._stopping.wait(LOOK_S)

    def _escalate(self) -> None:
        while not self._stopping.is_set():
            if not (count := self._office.writer.do(lambda tx: escalate(tx, self._office.desk))):
                return
            _log.info("overdue", cases=count)

    def _tidy(self) -> None:
        """Old messages go; the database looks at what it holds, for its plans."""
        before = self._office.clock() - MESSAGES_KEPT
        while not self._stopping.is_set() and self._office.writer.do(lambda tx: forget(tx, before)):
            pass
        if self._office.engine.dialect.name == "sqlite":
            self._office.writer.do(lambda tx: tx.exec_driver_sql("PRAGMA optimize").close())

    def _ask(self) -> None:
        o = self._office
        for name, asked in o.asked.items():
            if count := feed_back(name, asked, o.engine, o.writer, o.desk):
                _log.info("handled elsewhere", receiver=name, cases=count)

    def _delete(self) -> None:
        o = self._office
        done = delete_old(o.engine, o.writer, o.evidence, self._keep, o.clock(), self._key, self._stopping.is_set)
        if done.count:
            _log.info("evidence whose time had come", deleted=done.count)
        if done.problem:
            _log.error("evidence whose time has come is still there, until the next run", problem=done.problem)

    def _sweep(self) -> None:
        o = self._office
        swept = sweep(o.engine, o.evidence, o.clock() - self._keep, self._stopping.is_set)
        if swept.deleted or swept.strange:
            _log.warning("files of no evidence", deleted=swept.deleted, of_other_cases=swept.strange)
