"""What the service asks of cameras, answered: is it still there?"""

import time
from datetime import datetime
from typing import Any

import structlog

from service.worker.case_service import CaseService, Unwanted
from service.worker.still_there import StillThere
from streams.frame import StillLost
from vision.journal import Journal
from vision.records import iso
from vision.stills import jpeg

ASK_EVERY_S = 15.0
"""A thousand workers are 67 questions a second; whoever says that it is done is asked about a minute later anyway."""

_log = structlog.get_logger("worker")


class Answering:
    """Of the violations of a journal."""

    def __init__(self, service: CaseService, journal: Journal, still_there: StillThere):
        self._service = service
        self._journal = journal
        self._still_there = still_there
        self._asked_at = float("-inf")

    def once(self) -> None:
        """Say what was seen, and ask what is wanted. What does not get there is asked again. Raises ``Away``."""
        for sight in self._still_there.answers():
            try:
                picture = jpeg(sight.picture)
            except StillLost as lost:
                _log.warning("a picture of what is still there is lost", id=sight.violation_id, why=str(lost))
                continue
            about = {"data": {"seen_at": iso(sight.seen_at)}, "files": {"file": ("still.jpg", picture)}}
            try:
                self._service.ask("POST", f"/violations/{sight.violation_id}/still-there", _is_case, **about)
            except Unwanted as answer:
                _log.warning("the service does not want this", what=f"{sight.violation_id} still", answer=str(answer))
                continue
            _log.info("still there", id=sight.violation_id)
        if time.monotonic() - self._asked_at >= ASK_EVERY_S:
            self._asked_at = time.monotonic()
            asked = self._service.ask("GET", "/questions", _are_questions)
            since = {q["violation_id"]: datetime.fromisoformat(q["since"]) for q in asked}
            self._still_there.ask({id: at for id, at in since.items() if id in self._journal.events})


def _is_case(said: Any) -> bool:
    return isinstance(said, dict) and "state" in said


def _are_questions(said: Any) -> bool:
    return isinstance(said, list) and all(isinstance(q, dict) and q.keys() >= {"violation_id", "since"} for q in said)
