"""A handler is done, the camera still sees it: the case comes back with the picture. And permits, and summaries."""

import io
from datetime import timedelta

import httpx

from tests.cases.stores import NOON, event
from tests.service.api.served import Served
from tests.service.api.test_evidence_interface import jpeg

AREA = {
    "type": "Polygon",
    "coordinates": [[[118.08, 24.47], [118.1, 24.47], [118.1, 24.49], [118.08, 24.49], [118.08, 24.47]]],
}


def still_there(served: Served, who: str, minutes: int) -> httpx.Response:
    path, seen_at = f"/api/v1/violations/{event(1).id}/still-there", NOON + timedelta(minutes=minutes)
    picture = {"file": ("still.jpg", io.BytesIO(jpeg()))}
    return served.ask(who, "POST", path, data={"seen_at": seen_at.isoformat()}, files=picture)


def test_it_goes_back_with_the_picture(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    path = f"/api/v1/cases/{case}/actions"
    for who, action in (("li", "accept"), ("li", "file"), ("wang", "dispatch"), ("chen", "feed_back")):
        assert served.ask(who, "POST", path, {"action": action}).status_code == 200
    assert served.ask("worker", "GET", "/api/v1/questions").json() == []
    served.clock.pass_(minutes=2)
    (asked,) = served.ask("worker", "GET", "/api/v1/questions").json()
    assert (asked["violation_id"], asked["camera_id"]) == (event(1).id, "gate")
    for who, minutes, status in (("root", 4, 422), ("li", 1, 403), ("rival", 1, 409)):
        assert still_there(served, who, minutes).status_code == status
    answer = still_there(served, "worker", 1)
    seen = {"violation_id": event(1).id, "case_id": case, "state": "handling"}
    assert (answer.status_code, answer.json()) == (200, seen)
    whole = served.ask("li", "GET", f"/api/v1/cases/{case}").json()
    (still,) = [e for e in whole["evidence"] if e["kind"] == "still"]
    assert whole["history"][-1]["data"] == {"evidence": [still["id"]]}
    assert served.ask("worker", "GET", "/api/v1/questions").json() == []


def test_permits_by_http(served: Served) -> None:
    permit = {"types": ["road_vending"], "holder": "night market", "valid_from": "2026-05-01"}
    permit |= {"valid_to": "2026-05-31", "area": AREA}
    assert served.ask("li", "PUT", "/api/v1/permits/P-1", permit).status_code == 403
    assert served.ask("root", "PUT", "/api/v1/permits/P-1", permit).status_code == 201
    assert served.ask("root", "PUT", "/api/v1/permits/P-1", permit | {"note": "until ten"}).status_code == 200
    assert [p["note"] for p in served.ask("li", "GET", "/api/v1/permits").json()] == ["until ten"]
    assert served.push(event(1, key="road_vending")).json()["state"] == "rejected"
    wrong = served.ask("root", "PUT", "/api/v1/permits/P-2", permit | {"area": {"type": "Point"}})
    assert (wrong.status_code, "GeoJSON" in wrong.json()["detail"]) == (422, True)
    assert served.ask("root", "DELETE", "/api/v1/permits/P-1").status_code == 204
    assert served.ask("root", "DELETE", "/api/v1/permits/P-1").status_code == 404


def test_a_summary_by_http(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    served.ask("li", "POST", f"/api/v1/cases/{case}/actions", {"action": "accept"})
    days = {"first": "2026-05-06", "last": "2026-05-06", "by": "district"}
    (row,) = served.ask("li", "GET", "/api/v1/statistics/summary", params=days).json()
    assert (row["district"], row["opened"], row["precision"], row["handling_rate"]) == ("Siming", 1, 1.0, None)
    turned = served.ask("li", "GET", "/api/v1/statistics/summary", params=days | {"last": "2026-05-05"})
    assert turned.status_code == 422
