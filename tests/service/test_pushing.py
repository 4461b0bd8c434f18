"""A worker's events reach the service, however long it was away, and nothing comes twice in effect."""

import shutil
import time
from pathlib import Path

import pytest

from service.worker.case_service import Away, CaseService
from service.worker.push_thread import PushThread
from service.worker.pushing import Pusher
from tests.cases.receiver import Receiver
from tests.cases.stores import NOON, event, fresh_url
from tests.service.api.served import serving
from vision.journal import Journal


def journal_of(folder: Path, *events: object) -> Journal:
    (folder / "state").mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / "journal.jsonl")
    for e in events:
        journal.append(e)  # type: ignore[arg-type]
    return journal


def sealed(folder: Path, number: int) -> None:
    home = folder / "evidence" / event(number).id
    home.mkdir(parents=True)
    (home / "onset.jpg").write_bytes(b"\xff\xd8\xff onset")
    (home / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom clip")
    (home / "manifest.json").write_bytes(b'{"record": {}}')


def test_what_the_service_missed_it_gets_and_what_it_has_it_does_not_get_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    journal = journal_of(out, event(1), event(2, place=(24.0, 118.0, 5.0)))
    nowhere = Pusher(CaseService("http://127.0.0.1:9", "so_x"), out, journal)
    with pytest.raises(Away):
        nowhere.once()
    assert nowhere.waiting == 2
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        pusher = Pusher(CaseService(served.url, served.keys["worker"]), out, journal)
        assert pusher.once() == 2
        sealed(out, 1)
        assert pusher.once() == 3
        journal.append(event(1, "cleared", 1, cleared=NOON))
        assert pusher.once() == 1
        assert pusher.pushed(event(1).id)
        assert pusher.waiting == 0
        (out / "state" / "pushed").unlink()  # a crash before it was noted
        again = Pusher(CaseService(served.url, served.keys["worker"]), out, Journal(out / "journal.jsonl"))
        assert again.once() == 6
        cases = served.ask("li", "GET", "/api/v1/cases").json()["cases"]
        assert len(cases) == 2
        whole = served.ask("li", "GET", f"/api/v1/cases/{cases[1]['id']}").json()
        assert sorted(e["kind"] for e in whole["evidence"]) == ["clip", "manifest", "onset"]
        wrong = Pusher(CaseService(served.url, "so_wrong"), out, journal_of(tmp_path / "other", event(3)))
        with pytest.raises(Away, match="401"):
            wrong.once()


def test_what_the_service_does_not_want_holds_up_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    journal = journal_of(out, event(1, key="flying"), event(2))
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        pusher = Pusher(CaseService(served.url, served.keys["worker"]), out, journal)
        assert pusher.once() == 2
        assert pusher.refused == 1
        assert len(served.ask("li", "GET", "/api/v1/cases").json()["cases"]) == 1
    shutil.rmtree(out)


@pytest.mark.parametrize("status", [301, 404, 413, 502])
def test_a_proxys_word_is_not_the_services(tmp_path: Path, status: int) -> None:
    proxy = Receiver(answer=lambda _: status)
    try:
        pusher = Pusher(CaseService(proxy.url.removesuffix("/hook"), "so_x"), tmp_path, journal_of(tmp_path, event(1)))
        with pytest.raises(Away, match=str(status)):
            pusher.once()
        assert (pusher.waiting, pusher.refused) == (1, 0)
    finally:
        proxy.close()


def test_what_goes_wrong_here_is_said_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, journal = tmp_path / "out", journal_of(tmp_path / "out", event(1))
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        pusher = Pusher(CaseService(served.url, served.keys["worker"]), out, journal)
        note, full = pusher._note, [OSError(28, "No space left on device")]

        def noted(what: str) -> None:
            if full:
                raise full.pop()
            note(what)

        monkeypatch.setattr(pusher, "_note", noted)
        thread = PushThread(pusher, lambda: None)
        thread.start()
        deadline = time.monotonic() + 30
        while pusher.waiting and time.monotonic() < deadline:
            time.sleep(0.02)
        thread.close()
        assert (pusher.waiting, full) == (0, [])
