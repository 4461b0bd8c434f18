"""Events pushed, cases read and changed, over HTTP."""

import json
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.cases.stores import NOON, event
from tests.service.api.served import Served
from tests.service.api.test_evidence_interface import give, jpeg


def test_an_event_pushed_twice_is_one_case(served: Served) -> None:
    first = served.push(event(1))
    assert first.status_code == 201
    again = served.push(event(1))
    assert (again.status_code, again.json()) == (201, first.json() | {"fresh": False})
    (case,) = served.ask("li", "GET", "/api/v1/cases").json()["cases"]
    assert (case["id"], case["number"], case["producer"]) == (first.json()["case_id"], 1, "worker-1")
    assert case["opened_at"] == "2026-05-06T04:00:00Z"


def test_of_many_each_is_answered_by_itself(served: Served) -> None:
    many = [event(1), event(2, "cleared", 1, cleared=NOON), event(1), event(3, place=(24.0, 118.0, 5.0))]
    answers = served.ask("worker", "POST", "/api/v1/events/batch", [e.to_dict() for e in many])
    assert answers.status_code == 200
    assert [a["status"] for a in answers.json()] == [201, 409, 200, 201]
    assert "cleared came before opened" in answers.json()[1]["detail"]


def test_one_of_many_that_is_not_valid_holds_up_no_other(served: Served) -> None:
    good = event(1).to_dict()
    typo = event(2).to_dict() | {"kind": "opend"}
    elsewhere = event(3).to_dict()
    elsewhere["violation"] |= {"place": {"lat": 91.0, "lon": 118.0, "radius_m": 5.0}, "camera_id": "a secret word"}
    many = [typo, good, 17, None, [], elsewhere, event(4, place=(24.0, 118.0, 5.0)).to_dict()]
    with capture_logs() as log:
        answers = served.ask("worker", "POST", "/api/v1/events/batch", many)
    assert answers.status_code == 200
    assert [a["status"] for a in answers.json()] == [422, 201, 422, 422, 422, 422, 201]
    assert answers.json()[0]["detail"] == "kind: Input should be 'opened', 'extended' or 'cleared'"
    assert "violation.place.lat: " in answers.json()[5]["detail"]
    (line,) = log  # what is refused is written down, without what was sent
    assert (line["event"], line["status"], line["who"]) == ("refused", 422, "worker-1")
    assert line["why"].startswith("5 of 7 events, such as: kind: ")
    assert "secret" not in answers.text + str(log)
    assert len(served.ask("li", "GET", "/api/v1/cases").json()["cases"]) == 2


@pytest.mark.parametrize("body", [{}, [], 1, None, "x", [event(1).to_dict()] * 501])
def test_what_is_no_list_of_events_or_too_long_is_refused_as_a_whole(served: Served, body: Any) -> None:
    answer = served.ask("worker", "POST", "/api/v1/events/batch", content=json.dumps(body))
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert served.ask("li", "GET", "/api/v1/cases").json()["cases"] == []


def test_a_case_is_read_whole_and_changed_by_whoever_saw_its_newest_version(served: Served) -> None:
    path = f"/api/v1/cases/{served.push(event(1)).json()['case_id']}"
    found = served.ask("li", "GET", path)
    tag = found.headers["ETag"]
    for said in (tag, f"W/{tag}", f'"older", {tag}'):
        assert served.ask("li", "GET", path, headers={"If-None-Match": said}).status_code == 304
    give(served, jpeg())
    assert served.ask("li", "GET", path, headers={"If-None-Match": tag}).status_code == 200
    whole = found.json()
    assert whole["violations"][0]["event"]["violation"]["camera_id"] == "gate"
    assert "accept" in whole["actions"]
    done = served.ask("li", "POST", f"{path}/actions", {"action": "accept"}, headers={"If-Match": tag})
    assert (done.status_code, done.json()["state"], done.json()["confirmed_by"]) == (200, "accepted", "li")
    late = served.ask(
        "wang", "POST", f"{path}/actions", {"action": "reject", "reason": "x"}, headers={"If-Match": '"1"'}
    )
    assert (late.status_code, late.headers["Content-Type"]) == (412, "application/problem+json")
    assert "at version 2, not 1" in late.json()["detail"]
    assert [c["who"] for c in served.ask("li", "GET", path).json()["history"]] == ["worker-1", "li"]


def test_a_handler_does_what_is_his_departments(served: Served) -> None:
    mine = served.push(event(1)).json()["case_id"]
    other = served.push(event(2, key="road_vending", place=(24.0, 118.0, 5.0))).json()["case_id"]
    for case in (mine, other):
        for who, action in (("li", "accept"), ("li", "file"), ("wang", "dispatch")):
            assert served.ask(who, "POST", f"/api/v1/cases/{case}/actions", {"action": action}).status_code == 200
    assert served.ask("chen", "POST", f"/api/v1/cases/{mine}/actions", {"action": "take"}).json()["state"] == "handling"
    refused = served.ask("chen", "POST", f"/api/v1/cases/{other}/actions", {"action": "take"})
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "the case is of urban management, not of sanitation",
    )
    assert served.ask("chen", "GET", f"/api/v1/cases/{other}").status_code == 403
    assert [c["id"] for c in served.ask("chen", "GET", "/api/v1/cases").json()["cases"]] == [mine]
    vague = served.push(event(3, camera="tower", place=(24.48, 118.09, 80.0))).json()["case_id"]
    assert may_be(served, "chen", mine) == [vague]
    served.ask("wang", "POST", f"/api/v1/cases/{vague}/actions", {"action": "accept"})
    served.ask("wang", "POST", f"/api/v1/cases/{vague}/actions", {"action": "file"})
    served.ask(
        "wang", "POST", f"/api/v1/cases/{vague}/actions", {"action": "dispatch", "department": "urban management"}
    )
    assert (may_be(served, "chen", mine), may_be(served, "li", mine)) == ([], [vague])


def may_be(served: Served, who: str, case: str) -> list[str]:
    return [other["case_id"] for other in served.ask(who, "GET", f"/api/v1/cases/{case}").json()["may_be"]]


def test_pages_follow_each_other_without_gap_or_repeat(served: Served) -> None:
    for n in range(1, 8):
        served.clock.pass_(minutes=1)
        served.push(event(n, place=(24.0 + n / 100, 118.0, 5.0)))
    for order in ("newest", "oldest", "changed"):
        numbers, cursor = [], None
        while True:
            query = {"order": order, "limit": 3} | ({"cursor": cursor} if cursor else {})
            page = served.ask("li", "GET", "/api/v1/cases", params=query).json()
            numbers += [c["number"] for c in page["cases"]]
            if (cursor := page["cursor"]) is None:
                break
        assert numbers == (list(range(1, 8)) if order == "oldest" else list(range(7, 0, -1)))
    wrong = served.ask("li", "GET", "/api/v1/cases", params={"cursor": "abc", "order": "due"})
    assert (wrong.status_code, wrong.json()["title"]) == (400, "Bad cursor")


def test_a_page_says_which_cameras_see_each_case(served: Served) -> None:
    for n, camera in enumerate(("yard", "gate", "yard"), 1):
        served.push(event(n, camera=camera, place=(24.48 + n * 1e-6, 118.09, 5.0), onset=NOON + timedelta(hours=n)))
    served.push(event(4, camera="roof", place=None))
    rows = served.ask("li", "GET", "/api/v1/cases", params={"order": "oldest"}).json()["cases"]
    assert [row["cameras"] for row in rows] == [["gate", "yard"], ["yard"], ["roof"]]


def test_filters_find_what_they_say(served: Served) -> None:
    served.push(event(1))
    served.clock.pass_(hours=1)
    served.push(event(2, key="road_vending", camera="yard", place=(24.0, 118.0, 5.0)))
    served.ask("li", "POST", f"/api/v1/cases/{served.push(event(1)).json()['case_id']}/actions", {"action": "accept"})
    for query, numbers in (
        ({"state": "accepted"}, [1]),
        ({"state": ["accepted", "new"]}, [2, 1]),
        ({"key": "road_vending"}, [2]),
        ({"district": "Siming"}, [1]),
        ({"camera": "yard"}, [2]),
        ({"since": (NOON + timedelta(minutes=30)).isoformat()}, [2]),
        ({"until": (NOON + timedelta(minutes=30)).isoformat()}, [1]),
        ({"confirmed": "true"}, [1]),
        ({"box": "118.05,24.4,118.1,24.5"}, [1]),
        ({"text": "2"}, [2]),
        ({"text": "yard"}, [2]),
        ({"text": "'; DROP TABLE cases; --"}, []),
        ({"overdue": "true"}, []),
    ):
        found = served.ask("li", "GET", "/api/v1/cases", params=query)
        assert [c["number"] for c in found.json()["cases"]] == numbers, query


def test_statistics_count_what_happened(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    served.clock.pass_(minutes=10)
    served.ask("li", "POST", f"/api/v1/cases/{case}/actions", {"action": "accept"})
    rows = served.ask("li", "GET", "/api/v1/statistics", params={"first": "2026-05-06", "last": "2026-05-06"}).json()
    assert {(r["key"], r["what"]): (r["count"], r["seconds"]) for r in rows} == {
        ("overflowing_bin", "opened"): (1, 0.0), ("overflowing_bin", "accept"): (1, 600.0),
    }  # fmt: skip
    hours = served.ask("li", "GET", "/api/v1/statistics/hours", params={"first": "2026-05-01", "last": "2026-05-31"})
    assert [(h["hour"], h["count"]) for h in hours.json()] == [(4, 1)]


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        (None, "GET", "/api/v1/cases", 401),
        ("worker", "POST", "/api/v1/cases/x/actions", 403),
        ("audit", "POST", "/api/v1/events", 403),
        ("li", "POST", "/api/v1/events", 403),
        ("li", "GET", "/api/v1/cases/../../etc/passwd", 404),
        ("li", "GET", "/api/v1/cases/nobody", 404),
        ("li", "GET", "/api/v1/nothing", 404),
        ("li", "DELETE", "/api/v1/cases", 405),
    ],
)
def test_whoever_may_not_is_told_so_as_a_problem(
    served: Served, who: str | None, method: str, path: str, status: int
) -> None:
    answer = served.ask(who, method, path, {"action": "accept"} if method == "POST" else None)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": "flying"}, "no such type of violation"),
        ({"id": "1"}, "valid UUID"),
        ({"xyxy": [0.5, 0.1, 0.2, 0.3]}, "x1 < x2"),
        ({"size": [0, 10]}, "greater than or equal to 1"),
        ({"camera_id": "../../etc"}, "letters"),
        ({"onset": "yesterday"}, "datetime"),
        ({"onset": "2026-05-06T04:00:00"}, "timezone"),
        ({"more": 1}, "Extra inputs"),
        ({"score": 1e400}, "finite"),
    ],
)
def test_what_is_wrong_with_an_event_is_said_by_field(served: Served, change: dict[str, object], said: str) -> None:
    record = event(1).to_dict()
    record["violation"] |= change
    answer = served.ask(
        "worker",
        "POST",
        "/api/v1/events",
        None,
        content=json.dumps(record),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert said in answer.json()["detail"], answer.json()
    assert served.ask("li", "GET", "/api/v1/cases").json()["cases"] == []
