"""Service, database and worker are killed while detections are pushed: nothing acknowledged is lost or twice."""

import time
from pathlib import Path

import httpx
import pytest

from benchmarks.databases import StoreKind
from benchmarks.push_kills import Clients, Worker, drill, judged
from tests.cases.receiver import Receiver
from tests.cases.stores import event, fresh_url
from tests.service.api.served import serving
from tests.service.test_pushing import journal_of

WRONG = (
    "refused", "lost", "cases_too_many", "violations_never_acknowledged", "evidence_lost", "evidence_twice",
    "evidence_broken", "messages_lost", "messages_twice",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(StoreKind))
def test_nothing_acknowledged_is_lost(kind: StoreKind, tmp_path: Path) -> None:
    found = drill(kind, tmp_path, kills=6, spooled=300)
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["acknowledged"] > 300
    assert sum(found["killed"].values()) == 6


def test_what_a_client_is_refused_is_counted_and_what_ends_it_is_told() -> None:
    service = Receiver(answer=lambda _: 418)
    clients = Clients(service.url.removesuffix("/hook"), ["so_x"])
    while not clients.refused:
        time.sleep(0.01)
    clients.stop()
    service.close()
    assert clients.refused[0] == "418 ok"
    assert (clients.acknowledged, clients.failed) == ([], [])
    wrong = Clients("http://[::1", ["so_x"])
    wrong.stop()
    assert isinstance(wrong.failed[0], httpx.InvalidURL)


def test_a_worker_that_is_refused_or_cannot_push_at_all_ends(tmp_path: Path) -> None:
    journal_of(tmp_path, event(1, key="flying"))
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "store")) as served:
        refused = Worker(tmp_path, served.url, served.keys["worker"])
        refused.join()
    assert (refused.refused, refused.failed) == (1, [])
    nowhere = Worker(tmp_path / "nowhere", "http://127.0.0.1:9", "so_x")
    nowhere.join()
    assert "no journal.jsonl here" in str(nowhere.failed[0])


def test_files_that_no_row_names_are_counted(tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "store")) as served:
        case = served.push(event(1)).json()["case_id"]
        left = tmp_path / "store" / case / f"{event(9).id}.jpg"
        left.parent.mkdir()
        left.write_bytes(b"\xff\xd8\xff")
        found = judged(served.office.engine, tmp_path / "store", [event(1).id], {})
    assert (found["files_without_a_row"], found["lost"], found["evidence_lost"]) == (1, 0, 0)
