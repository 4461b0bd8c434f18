"""What the log says of messages to others, and what it never says."""

import subprocess
import sys
from pathlib import Path

from cases.desk import Desk
from cases.store.engine import open_store
from cases.store.writer import Writer
from tests.cases.office import POLICY, Office
from tests.cases.receiver import Receiver
from tests.cases.stores import NOON, Clock
from tests.service.test_end_to_end import serving

SENDING = f"""
import sys
from datetime import datetime
from cases.dispatch.sender import Message
from cases.dispatch.webhook import Webhook
from service.worker.logs import configure_logs

configure_logs(True)
message = Message("m", "case.close", "c", datetime.fromisoformat("{NOON.isoformat()}"), {{}})
Webhook(sys.argv[1], b"a secret of sixteen", "urn:city", ["127.0.0.1"]).send(message)
"""


def test_the_path_of_a_webhook_may_be_its_token_and_is_not_logged() -> None:
    platform = Receiver()
    try:
        command = [sys.executable, "-c", SENDING, f"{platform.url}/GEHEIM"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        platform.close()
    assert len(platform.all) == 1
    assert "GEHEIM" not in done.stdout + done.stderr


def test_messages_for_a_receiver_that_is_gone_are_told_of_at_the_start(tmp_path: Path, key: Path) -> None:
    (tmp_path / "cases").mkdir()
    engine, clock = open_store(f"sqlite:///{tmp_path / 'cases/cases.db'}"), Clock()
    writer = Writer(engine)
    Office(engine, writer, Desk(POLICY, clock), clock).arrive(1)
    writer.close()
    engine.dispose()
    with serving(tmp_path, key, "--no-copies"):
        pass
    told = [line for line in (tmp_path / "serve.log").read_text().splitlines() if "does not name" in line]
    assert len(told) == 1
    assert '"receiver": "platform", "messages": 1' in told[0]
