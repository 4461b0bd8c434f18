"""Whatever happens is answered as a problem, and what nobody foresaw is told to the log alone."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from tests.cases.stores import event
from tests.service.api.served import Served


def test_what_nobody_foresaw_is_a_problem_outside_and_a_traceback_inside(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("what nobody may read")

    monkeypatch.setattr("service.api.cases.page", broken)
    monkeypatch.setattr("service.open311.wanted.Wanted.conditions", broken)
    for path, media_type in (("/api/v1/cases", "application/problem+json"), ("/open311/v2/requests.xml", "text/xml")):
        with capture_logs() as log:
            answer = served.ask("li", "GET", path)
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (500, media_type)
        assert "nobody" not in answer.text
        (line,) = log
        assert (line["event"], line["log_level"], line["path"], line["exc_info"]) == ("failed", "error", path, True)
    assert not [record for record in caplog.records if record.name == "uvicorn.error"]  # else it would be said twice
    assert served.ask(None, "GET", "/livez").status_code == 200


def test_what_a_statement_was_given_is_not_in_its_error(served: Served) -> None:
    """Errors of the database get into the log."""
    with pytest.raises(DBAPIError) as error:
        served.office.read(lambda tx: tx.execute(text("SELECT :name FROM nowhere"), {"name": "Wang Fang"}))
    assert "Wang" not in str(error.value)


@pytest.mark.parametrize("first", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("path", ["statistics", "statistics/summary", "statistics/hours", "looks"])
def test_days_with_which_no_sum_can_be_done_are_refused(served: Served, path: str, first: str) -> None:
    answer = served.ask("root", "GET", f"/api/v1/{path}", params={"first": first, "last": "9999-12-31"})
    assert (answer.status_code, answer.json()["title"]) == (422, "Not valid")
    assert "query.first: " in answer.json()["detail"]
    assert "1970 to 2200" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
        ("/healthz", "GET, HEAD"),
        ("/api/v1/openapi.json", "GET, HEAD"),
        ("/api/v1/cameras/gate", "DELETE, GET, HEAD, PUT"),
        ("/api/v1/events", "POST"),
        ("/open311/v2/requests.json", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_which_are(served: Served, path: str, allowed: str) -> None:
    answer = served.ask("root", "PATCH", path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/api/v1/cases", "/open311/v2/services.xml"])
def test_head_is_get_without_its_body(served: Served, path: str) -> None:
    served.push(event(1))
    full, head = served.ask("li", "GET", path), served.ask("li", "HEAD", path)
    assert (head.status_code, head.content) == (full.status_code, b"")
    assert {k: v for k, v in head.headers.items() if k != "date"} == {
        k: v for k, v in full.headers.items() if k != "date"
    }


def test_head_of_a_stream_ends(served: Served) -> None:
    with httpx.Client(base_url=served.url, headers=served.headers("li"), timeout=5) as client:
        assert client.head("/api/v1/changes").headers["Content-Type"].startswith("text/event-stream")
        assert client.head("/api/v1/events").status_code == 405
        assert client.get("/livez").status_code == 200  # on the same connection


def test_who_may_not_is_told_so_without_a_body_too(served: Served) -> None:
    answer = served.ask(None, "HEAD", "/api/v1/cases")
    assert (answer.status_code, answer.content, answer.headers["WWW-Authenticate"]) == (401, b"", "Bearer")
