"""A worker's events reach the service, however long it was away, and nothing comes twice in effect."""

import threading
import time
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from service.worker import case_service, push_thread
from service.worker.answering import Answering
from service.worker.case_service import Away, CaseService
from service.worker.push_thread import PushThread
from service.worker.pushing import AGAIN_S, Pusher
from service.worker.still_there import Sight, StillThere
from tests.cases.receiver import Receiver
from tests.cases.stores import NOON, event, fresh_url
from tests.service.api.served import serving
from vision.journal import Journal
from vision.stills import JpegStill


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
        service = CaseService(served.url, served.keys["worker"])
        noted = out / "state" / f"pushed-{service.mark}"
        assert Pusher(service, out, Journal(out / "journal.jsonl")).once() == 0
        noted.unlink()  # a crash before it was noted
        for again in (False, True):
            assert Pusher(service, out, Journal(out / "journal.jsonl"), again=again).once() == 6
        cases = served.ask("li", "GET", "/api/v1/cases").json()["cases"]
        assert len(cases) == 2
        whole = served.ask("li", "GET", f"/api/v1/cases/{cases[1]['id']}").json()
        assert sorted(e["kind"] for e in whole["evidence"]) == ["clip", "manifest", "onset"]
        wrong = Pusher(CaseService(served.url, "so_wrong"), out, journal_of(tmp_path / "other", event(3)))
        with pytest.raises(Away, match="401"):
            wrong.once()


def test_what_the_service_does_not_want_holds_up_nothing_and_is_noted_nowhere(tmp_path: Path) -> None:
    out = tmp_path / "out"
    journal = journal_of(out, event(1, key="flying"), event(1, "cleared", 1, key="flying", cleared=NOON), event(2))
    sealed(out, 1)
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        for _ in range(2):  # the next process tries it again
            pusher = Pusher(CaseService(served.url, served.keys["worker"]), out, Journal(journal.path))
            pusher.once()
            assert (pusher.once(), pusher.waiting, pusher.refused) == (0, 0, 1), "what follows it is not tried"
            assert not pusher.pushed(event(1).id), "it stays in the journal"
            assert (
                out / "state" / f"pushed-{CaseService(served.url, '').mark}"
            ).read_text() == f"{event(2).id} opened 0\n"
        assert len(served.ask("li", "GET", "/api/v1/cases").json()["cases"]) == 1


def test_what_was_refused_is_tried_again_after_an_hour_and_not_before(tmp_path: Path) -> None:
    out, now = tmp_path / "out", [0.0]
    journal = journal_of(out, event(1), event(1, "cleared", 1, cleared=NOON))
    sealed(out, 1)
    clip = out / "evidence" / event(1).id / "clip.mp4"
    good = clip.read_bytes()
    clip.write_bytes(b"no clip")
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        pusher = Pusher(CaseService(served.url, served.keys["worker"]), out, journal, lambda: now[0])
        assert pusher.once() == 4
        clip.write_bytes(good)
        now[0] += AGAIN_S - 1
        assert (pusher.once(), pusher.refused, pusher.pushed(event(1).id)) == (0, 1, False)
        now[0] += 1
        assert (pusher.once(), pusher.refused, pusher.pushed(event(1).id)) == (1, 0, True)


def test_a_wrong_address_loses_nothing(tmp_path: Path) -> None:
    journal = journal_of(tmp_path / "out", event(1))
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        wrong = Pusher(CaseService(f"{served.url}/cases", served.keys["worker"]), tmp_path / "out", journal)
        with pytest.raises(Away, match=r"404 Not Found; .* is the address right"):
            wrong.once()
        assert (wrong.waiting, wrong.refused) == (1, 0)
        assert Pusher(CaseService(served.url, served.keys["worker"]), tmp_path / "out", journal).once() == 1


def test_a_violation_that_the_service_does_not_know_holds_up_no_other(tmp_path: Path) -> None:
    out = tmp_path / "out"
    journal = journal_of(out, event(1), event(2))
    sealed(out, 1)
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        service = CaseService(served.url, served.keys["worker"])
        noted = out / "state" / f"pushed-{service.mark}"
        noted.write_text(f"{event(1).id} opened 0\n")  # its database was brought back from a copy
        pusher = Pusher(service, out, journal)
        assert (pusher.once(), pusher.refused) == (1, 3)


def test_a_sight_that_the_service_does_not_want_holds_up_no_other(tmp_path: Path) -> None:
    still_there = StillThere()
    for number in (9, 1):
        still_there._answers.put(Sight(event(number).id, NOON, JpegStill(b"\xff\xd8\xff")))
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        served.push(event(1))
        service = CaseService(served.url, served.keys["worker"])
        with capture_logs() as told:
            Answering(service, journal_of(tmp_path / "out"), still_there).once()
    assert [line["id"] for line in told if line["event"] == "still there"] == [event(1).id]


@pytest.mark.parametrize("status", [200, 201, 204])
def test_what_is_no_answer_of_the_service_takes_nothing(tmp_path: Path, status: int) -> None:
    page = Receiver(answer=lambda _: status, page=b'{"status": "ok"}')
    try:
        service = CaseService(page.url.removesuffix("/hook"), "so_x")
        pusher = Pusher(service, tmp_path, journal_of(tmp_path, event(1)))
        with pytest.raises(Away, match=rf"{status} .* is the address right"):
            pusher.once()
        assert (pusher.waiting, pusher.refused) == (1, 0)
        answering = Answering(service, Journal(tmp_path / "journal.jsonl"), StillThere())
        with pytest.raises(Away, match=r"200 OK; .* is the address right"):
            answering.once()
    finally:
        page.close()


def test_a_file_may_take_its_time_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_service, "TIMEOUT", httpx.Timeout(0.2))

    def think(_: int) -> int:
        time.sleep(0.6)
        return 502

    slow = Receiver(answer=think)
    try:
        service = CaseService(slow.url.removesuffix("/hook"), "so_x")
        with pytest.raises(Away, match="ReadTimeout"):
            service.ask("POST", "/events", bool, json={})
        with pytest.raises(Away, match="502"):
            service.ask("POST", "/violations/x/evidence", bool, files={"file": ("clip.mp4", b"clip")})
    finally:
        slow.close()


def test_the_end_does_not_wait_for_an_answer_that_does_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_thread, "LEAVES_S", 0.1)
    asked, ended = threading.Event(), threading.Event()

    def say_nothing(_: int) -> None:
        asked.set()
        ended.wait(30)

    silent = Receiver(answer=say_nothing)
    try:
        service = CaseService(silent.url.removesuffix("/hook"), "so_x")
        thread = PushThread(Pusher(service, tmp_path, journal_of(tmp_path, event(1))), lambda: None)
        thread.start()
        assert asked.wait(10)
        begun = time.monotonic()
        thread.close()
        assert time.monotonic() - begun < 10
    finally:
        ended.set()
        silent.close()


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
