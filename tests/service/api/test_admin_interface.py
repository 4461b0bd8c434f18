"""Keys, people, dead letters, the stream of changes: what administrators and watchers see."""

import contextlib
import json
from datetime import timedelta

import httpx

from cases.life import Role
from service.api.access import Caller
from tests.cases.stores import NOON, event
from tests.service.api.served import Served


def test_a_person_gets_a_key_does_what_the_role_may_and_leaves(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    zhao = served.ask("root", "POST", "/api/v1/people", {"name": "zhao", "role": "operator"}).json()
    assert served.ask("root", "POST", "/api/v1/people", {"name": "zhao", "role": "auditor"}).status_code == 409
    made = served.ask(
        "root", "POST", "/api/v1/keys", {"name": "desk 3", "scopes": ["read", "act"], "person_id": zhao["id"]}
    )
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    action = f"{served.url}/api/v1/cases/{case}/actions"
    assert httpx.post(action, json={"action": "accept"}, headers=key, timeout=30).json()["confirmed_by"] == "zhao"
    assert httpx.post(action, json={"action": "take"}, headers=key, timeout=30).status_code == 403
    listed = served.ask("root", "GET", "/api/v1/keys").json()
    assert made.json()["key"] not in json.dumps(listed)
    assert served.ask("root", "DELETE", f"/api/v1/people/{zhao['id']}").status_code == 204
    served.forget_keys()
    assert httpx.post(action, json={"action": "file"}, headers=key, timeout=30).status_code == 401
    assert served.ask("li", "GET", "/api/v1/people").status_code == 403


def test_a_key_ends_when_it_is_revoked_and_when_its_time_has_come(served: Served) -> None:
    asked = {"name": "guest", "scopes": ["read"], "expires_at": (NOON + timedelta(days=1)).isoformat()}
    made = served.ask("root", "POST", "/api/v1/keys", asked).json()
    key = {"Authorization": f"Bearer {made['key']}"}
    assert httpx.get(f"{served.url}/api/v1/cases", headers=key, timeout=30).status_code == 200
    assert served.ask("root", "DELETE", f"/api/v1/keys/{made['id']}").status_code == 204
    assert served.ask("root", "DELETE", f"/api/v1/keys/{made['id']}").status_code == 404
    served.forget_keys()
    assert httpx.get(f"{served.url}/api/v1/cases", headers=key, timeout=30).status_code == 401
    made = served.ask("root", "POST", "/api/v1/keys", asked).json()
    served.clock.pass_(days=2)
    served.forget_keys()
    key = {"Authorization": f"Bearer {made['key']}"}
    assert httpx.get(f"{served.url}/api/v1/cases", headers=key, timeout=30).status_code == 401


def test_whoever_asks_too_often_is_told_to_wait(served: Served) -> None:
    served.access.rate, served.access.burst = 1.0, 3.0
    served.access._buckets.clear()
    answers = [served.ask("li", "GET", "/api/v1/cases") for _ in range(6)]
    assert [a.status_code for a in answers[:3]] == [200] * 3
    refused = [a for a in answers if a.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1


def test_changes_come_as_they_happen_and_go_on_where_the_client_was(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    with httpx.stream("GET", f"{served.url}/api/v1/changes?after=0", headers=served.headers("li"), timeout=30) as first:
        assert first.headers["Content-Type"].startswith("text/event-stream")
        lines = first.iter_lines()
        seen = []
        for line in lines:
            if line.startswith(("id:", "event:", "data:")):
                seen.append(line)
            if len(seen) == 3:
                break
    assert seen[1] == "event: note"
    assert json.loads(seen[2].removeprefix("data:"))["case_id"] == case
    served.ask("li", "POST", f"/api/v1/cases/{case}/actions", {"action": "accept"})
    went_on = served.headers("li") | {"Last-Event-ID": seen[0].removeprefix("id:").strip()}
    with httpx.stream("GET", f"{served.url}/api/v1/changes", headers=went_on, timeout=30) as second:
        event_line = next(line for line in second.iter_lines() if line.startswith("event:"))
    assert event_line == "event: accept"


def test_messages_that_nobody_takes_wait_for_a_person(served: Served) -> None:
    served.push(event(1))
    waiting = served.ask("root", "GET", "/api/v1/messages", params={"state": "waiting"}).json()
    assert [(m["receiver"], m["type"]) for m in waiting] == [("platform", "case.opened")]
    assert served.ask("root", "POST", "/api/v1/messages/again", {"ids": [waiting[0]["id"]]}).json() == {"count": 0}
    assert served.ask("li", "GET", "/api/v1/messages").status_code == 403


def test_a_handler_has_a_department_and_nobody_else_has_one(served: Served) -> None:
    for role, department, why in (
        ("handler", None, "a handler needs one"),
        ("operator", "sanitation", "a handler needs one"),
        ("handler", "sanitaton", "there is no 'sanitaton'; there are sanitation, urban management"),
    ):
        said = {"name": "qian", "role": role, "department": department}
        refused = served.ask("root", "POST", "/api/v1/people", said)
        assert (refused.status_code, why in refused.json()["detail"]) == (422, True)
    assert not Caller("qian", frozenset(), Role.HANDLER, None, "").sees("sanitation")


def test_who_does_something_else_and_who_comes_back(served: Served) -> None:
    people = {p["name"]: p["id"] for p in served.ask("root", "GET", "/api/v1/people").json()}
    where = f"/api/v1/people/{people['li']}"
    said = {"name": "li", "role": "handler", "department": "sanitation"}
    assert served.ask("root", "PUT", where, said).json() == {"id": people["li"], "active": True, **said}
    served.forget_keys()
    case = served.push(event(1, key="road_vending")).json()["case_id"]
    assert served.ask("li", "GET", f"/api/v1/cases/{case}").status_code == 403
    served.ask("root", "DELETE", where)
    gone = served.ask("root", "POST", "/api/v1/keys", {"name": "x", "scopes": ["read"], "person_id": people["li"]})
    assert (gone.status_code, "brings them back" in gone.json()["detail"]) == (409, True)
    assert served.ask("root", "PUT", where, said | {"name": "wang"}).status_code == 409
    assert served.ask("root", "PUT", where, said).json()["active"] is True
    assert served.ask("root", "PUT", "/api/v1/people/nobody", said | {"name": "nobody"}).status_code == 404


def test_nobody_locks_everybody_out(served: Served) -> None:
    people = {p["name"]: p["id"] for p in served.ask("root", "GET", "/api/v1/people").json()}
    keys = {k["person_id"]: k["id"] for k in served.ask("root", "GET", "/api/v1/keys").json()}
    root = people["root"]
    for path in (f"/api/v1/people/{root}", f"/api/v1/keys/{keys[root]}"):
        refused = served.ask("root", "DELETE", path)
        assert (refused.status_code, refused.json()["title"]) == (409, "The last one")
    served.ask("root", "POST", "/api/v1/keys", {"name": "spare", "scopes": ["admin"]})
    assert served.ask("root", "DELETE", f"/api/v1/keys/{keys[root]}").status_code == 204


def test_a_case_that_goes_to_another_department_is_told_to_both(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    for who, action in (
        ("li", {"action": "accept"}), ("li", {"action": "file"}), ("wang", {"action": "dispatch"}),
        ("chen", {"action": "dispute", "reason": "it stands on a road"}),
        ("wang", {"action": "settle", "reason": "so it does", "department": "urban management"}),
        ("li", {"action": "verify"}),
    ):  # fmt: skip
        assert served.ask(who, "POST", f"/api/v1/cases/{case}/actions", action).status_code == 200
    seen, path = [], f"{served.url}/api/v1/changes?after=0"
    with (
        contextlib.suppress(httpx.ReadTimeout),
        httpx.stream("GET", path, headers=served.headers("chen"), timeout=3) as told,
    ):
        for line in told.iter_lines():
            seen += [line] if line.startswith("event:") else []
    assert [line.partition(" ")[2] for line in seen] == ["note", "accept", "file", "dispatch", "dispute", "settle"]


def test_a_wrong_key_is_told_so_and_not_that_there_is_none(served: Served) -> None:
    for headers, why in (
        ({}, "an API key is needed"),
        ({"Authorization": "so_without_the_word"}, "an API key is needed"),
        ({"Authorization": "Bearer so_guessed"}, "not known, has expired, or was revoked"),
    ):
        answer = httpx.get(f"{served.url}/api/v1/cases", headers=headers, timeout=30)
        assert (answer.status_code, why in answer.json()["detail"]) == (401, True)
