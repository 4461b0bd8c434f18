"""``streetorder push``: what was scored becomes cases; whoever cannot be reached is named, and nothing is lost."""

from pathlib import Path

import pytest

from service.worker.case_service import CaseService, NotUsable
from tests.cases.receiver import Receiver
from tests.cases.stores import event, fresh_url
from tests.command_line import streetorder
from tests.service.api.served import serving
from tests.service.test_pushing import journal_of, sealed


def test_results_become_cases_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = tmp_path / "results"
    journal_of(results, event(1), event(2, place=(24.0, 118.0, 5.0)))
    sealed(results, 1)
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as served:
        monkeypatch.setenv("STREETORDER_PUSH_KEY", served.keys["worker"])
        first = streetorder("push", results, "--to", served.url)
        assert (first.code, first.out.strip()) == (0, f"5 events and files pushed to {served.url}")
        again = streetorder("push", results, "--to", served.url)
        assert (again.code, "all of it already" in again.out) == (0, True)
        assert len(served.ask("li", "GET", "/api/v1/cases").json()["cases"]) == 2


def test_what_is_wrong_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREETORDER_PUSH_KEY", raising=False)
    nothing = streetorder("push", tmp_path, "--to", "http://127.0.0.1:9")
    assert (nothing.code, "STREETORDER_PUSH_KEY" in nothing.err) == (2, True)
    monkeypatch.setenv("STREETORDER_PUSH_KEY", "so_x")
    empty = streetorder("push", tmp_path, "--to", "http://127.0.0.1:9")
    assert (empty.code, "no journal.jsonl" in empty.err) == (2, True)
    journal_of(tmp_path, event(1))
    away = streetorder("push", tmp_path, "--to", "http://127.0.0.1:9")
    assert (away.code, "1 events are not pushed" in away.err) == (1, True)
    monkeypatch.setenv("STREETORDER_PUSH_KEY", "so_geheim\n")  # as a file ends, and no key holds it
    page = Receiver(answer=lambda _: 200)
    elsewhere = streetorder("push", tmp_path, "--to", page.url)
    page.close()
    assert (elsewhere.code, "is the address right?" in elsewhere.err, "geheim" in elsewhere.err) == (1, True, False)
    assert page.all[0].headers["Authorization"] == "Bearer so_geheim"
    monkeypatch.setenv("STREETORDER_PUSH_KEY", "so_gehéim")
    unlike = streetorder("push", tmp_path, "--to", "http://127.0.0.1:9")
    assert (unlike.code, "STREETORDER_PUSH_KEY" in unlike.err, "so_" in unlike.err) == (2, True, False)


def test_all_of_it_is_there_only_where_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal_of(tmp_path, event(1, key="flying"), event(2))
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "store")) as served:
        monkeypatch.setenv("STREETORDER_PUSH_KEY", served.keys["worker"])
        for pushed in (1, 0):
            told = streetorder("push", tmp_path, "--to", served.url)
            assert (told.code, told.out) == (1, "")
            assert f"{pushed} pushed to {served.url}, 1 events and files are not wanted there" in told.err
            assert f"{event(1).id} opened 0" in told.err
            assert "no such type of violation" in told.err


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8490", "localhost:8490", "http://[::1", "http://", "ftp://cases", "http://cases:99999", "http://a..b",
     "http://u:geheim@cases", "http://cases?x", "http://cases#x", "http://cases/api/v1/", "http://cases/\x01"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(NotUsable, match=r"--to .*: http://HOST:PORT or https://HOST is needed"):
        CaseService.named("--to", address)


def test_a_wrong_address_is_said_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREETORDER_PUSH_KEY", "so_x")
    for option, command in (("--to", ["push", tmp_path]), ("--push", ["worker", "--cameras", tmp_path / "city.yaml"])):
        told = streetorder(*command, option, "http://u:geheim@cases")
        assert (told.code, told.err.count("\n"), "geheim" in told.err) == (2, 1, False)
        assert told.err.startswith(f"{option} http://***@cases: http://HOST:PORT or")


def test_a_service_may_be_behind_a_proxy_with_others() -> None:
    for address in ("http://cases", "https://city.example/streetorder/", "http://[::1]:8490", "http://ü.example:1"):
        CaseService(address, "so_x").close()
