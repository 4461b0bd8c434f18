"""Keys, people, dead letters, the stream of changes: what administrators and watchers see."""

import json
from datetime import timedelta

import httpx

from tests.cases.stores import NOON, event
from tests.service.api.served import Served


def test_a_person_gets_a_key_does_what_the_role_may_and_leaves(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    zhao = served.ask("root", "POST", "/api/v1/people", {"name": "zhao", "role": "operator"}).json()
    assert served.ask("root", "POST", "/api/v1/people", {"name": "zhao", "role": "handler"}).status_code == 409
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
