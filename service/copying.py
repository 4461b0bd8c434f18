"""The process that makes copies without faces and plates."""

import os
import signal
import threading
import time
from pathlib import Path

from cases.evidence_store import EvidenceProblem, open_evidence
from cases.store.engine import StoreProblem, open_store
from models.detector import load_detector
from service.commands.failing import NOT_WRITTEN, fail
from service.deriving import Deriving
from service.worker.logs import configure_logs


def copy_until_stopped(store: str, evidence: str, model: Path | None, log_json: bool) -> None:
    """Until SIGTERM or Ctrl-C, or until the service that began it is gone."""
    configure_logs(log_json)
    detector = load_detector(model, threads=1)
    try:
        deriving = Deriving(open_store(store), open_evidence(evidence), detector)
    except (StoreProblem, EvidenceProblem) as problem:
        fail(str(problem), NOT_WRITTEN)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: deriving.stop())
    threading.Thread(target=_leave_with, args=(os.getppid(), deriving), daemon=True).start()
    deriving.run()


def _leave_with(parent: int, deriving: Deriving) -> None:
    """A killed service cannot say that it ends."""
    while os.getppid() == parent:
        time.sleep(1.0)
    deriving.stop()
