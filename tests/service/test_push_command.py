"""``streetorder push``: what was scored becomes cases; whoever cannot be reached is named, and nothing is lost."""

from pathlib import Path

import pytest

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
