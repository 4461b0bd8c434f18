"""One story that the interface's description tells by example: a bin that overflows, and what becomes of it."""

from typing import Any, Literal

from pydantic import ConfigDict


def shown(*examples: Any, extra: Literal["allow", "ignore", "forbid"] = "ignore", rows: bool = False) -> ConfigDict:
    """A model's configuration, with examples for its schema. rows: whether it is made of rows of the store."""
    return ConfigDict(json_schema_extra={"examples": list(examples)}, extra=extra, from_attributes=rows)


def answered(example: Any, added: str = "") -> dict[int | str, dict[str, Any]]:
    """An operation's ``responses``, where its answer has no model. added: what 201 means, where it answers so."""
    schema = {"type": "array" if isinstance(example, list) else "object"}
    content = {"content": {"application/json": {"schema": schema, "example": example}}}
    both: dict[int | str, dict[str, Any]] = {200: content, 201: {"description": added, **content}}
    return both if added else {200: content}


def streamed(example: str) -> dict[int | str, dict[str, Any]]:
    """The same, of server-sent events."""
    return {200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": example}}}}


def sent(**fields: str) -> dict[str, Any]:
    """An operation's ``openapi_extra``, where a file comes with these fields."""
    example = {**fields, "file": "(the bytes of gate-17.jpg)"}
    return {"requestBody": {"content": {"multipart/form-data": {"example": example}}}}


VIOLATION_ID = "0d8f3c1e-5f0b-5a53-9c55-2f3f6f1f8a01"
CASE_ID = "7c2b6a52-3f0e-4d0e-8a3b-5a8a4f0f6d11"
OTHER_ID = "c1f0a9d4-8f57-4a0c-9a55-0d3a5e9b7f22"
EVIDENCE_ID = "2a9d8c70-64f1-4f7e-b5a8-9a1d3c5e7b33"
PERSON_ID = "5e8b1f3a-97c4-4c1d-8b62-3f7a9d2c6e44"
KEY_ID = "9b3d7e15-2c68-4f9a-a1d4-6c8e0b5f2a55"

EVENT: dict[str, Any] = {
    "kind": "opened",
    "violation": {
        "id": VIOLATION_ID,
        "camera_id": "zhongshan-07",
        "key": "overflowing_bin",
        "onset": "2026-05-06T03:50:00Z",
        "confirmed_at": "2026-05-06T04:00:00Z",
        "xyxy": [0.41, 0.52, 0.47, 0.66],
        "size": [1920, 1080],
        "place": {"lat": 24.4795, "lon": 118.0894, "radius_m": 6.0},
        "score": 0.83,
    },
}
TAKEN = {"violation_id": VIOLATION_ID, "case_id": CASE_ID, "number": 1042, "state": "new", "fresh": True}
ANSWERED = {"status": 201, "taken": TAKEN, "detail": None}
NOT_TAKEN = {"status": 409, "taken": None, "detail": f"violation {OTHER_ID}: cleared came before opened"}
QUESTION = {"violation_id": VIOLATION_ID, "camera_id": "zhongshan-07", "since": "2026-05-06T06:10:00Z"}

CHANGED = f"""id: 20981
event: accept
data: {{"case_id": "{CASE_ID}", "at": "2026-05-06T04:09:11Z", "who": "Li", "before": "new", "after": "accepted"}}

"""
CASE: dict[str, Any] = {
    "number": 1042,
    "id": CASE_ID,
    "version": 4,
    "state": "dispatched",
    "key": "overflowing_bin",
    "producer": "worker-1",
    "filed": False,
    "lat": 24.4795,
    "lon": 118.0894,
    "radius_m": 6.0,
    "cell": "S-17",
    "street": "Zhongshan Lu",
    "district": "Siming",
    "department": "Sanitation",
    "address": None,
    "description": None,
    "opened_at": "2026-05-06T04:00:02Z",
    "updated_at": "2026-05-06T04:12:40Z",
    "entered_at": "2026-05-06T04:12:40Z",
    "onset": "2026-05-06T03:50:00Z",
    "gone_at": None,
    "closed_at": None,
    "due_at": "2026-05-06T08:12:40Z",
    "escalated": 0,
    "confirmed_by": "Li",
    "confirmed_at": "2026-05-06T04:09:11Z",
    "merged_into": None,
    "repeat_of": None,
    "rating": None,
    "hold": False,
}
CHANGE: dict[str, Any] = {
    "at": "2026-05-06T04:12:40Z",
    "action": "dispatch",
    "before": "filed",
    "after": "dispatched",
    "who": "Wang",
    "role": "dispatcher",
    "reason": "",
    "data": {"department": "Sanitation"},
}
SIGHT: dict[str, Any] = {
    "id": VIOLATION_ID,
    "camera_id": "zhongshan-07",
    "view_id": "home",
    "onset": "2026-05-06T03:50:00Z",
    "cleared_at": None,
    "gone": False,
    "event": EVENT,
}
EVIDENCE: dict[str, Any] = {
    "id": EVIDENCE_ID,
    "violation_id": VIOLATION_ID,
    "kind": "trigger",
    "name": "trigger.jpg",
    "media_type": "image/jpeg",
    "size": 183_204,
    "sha256": "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855e",
    "copy_sha256": "9f2d7c1ab0e64418a36cf52e1d70b8c3457e9a06f18b2c3d4e5f60718293a4b5",
    "added_at": "2026-05-06T04:00:03Z",
    "added_by": "worker-1",
    "deleted": False,
    "copy_problem": None,
}
MAY_BE = {"case_id": OTHER_ID, "metres": 21.5, "why": "a place is known to 40 m only, at most 15 m are merged"}
WHOLE: dict[str, Any] = {
    "case": CASE,
    "violations": [SIGHT],
    "history": [CHANGE],
    "evidence": [EVIDENCE],
    "may_be": [MAY_BE],
    "actions": ["return", "note", "merge"],
}
ROW: dict[str, Any] = CASE | {"cameras": ["zhongshan-07"]}
PAGE = {"cases": [ROW], "cursor": None}
ACTIONS: list[dict[str, Any]] = [
    {"action": "accept"},
    {"action": "reject", "reason": "a permit allows it until Sunday"},
    {"action": "dispatch", "department": "Sanitation"},
    {"action": "close", "rating": 5},
]

COUNT = {"key": "overflowing_bin", "what": "opened", "count": 214, "seconds": 0.0}
HOUR_COUNT = {"hour": 12, "key": "overflowing_bin", "count": 31}
SUM: dict[str, Any] = {
    "key": "overflowing_bin",
    "opened": 214,
    "accepted": 190,
    "rejected": 24,
    "dispatched": 188,
    "handled": 185,
    "closed": 184,
    "overdue": 9,
    "precision": 0.888,
    "handling_rate": 0.984,
    "closing_rate": 0.968,
    "seconds_to": {"accept": 540.0, "dispatch": 760.0, "feed_back": 7_300.0, "close": 8_100.0},
}

PERSON = {"name": "Chen", "role": "handler", "department": "Sanitation"}
PERSON_SHOWN = {"id": PERSON_ID, "active": True, **PERSON}
KEY = {"name": "worker harbour", "scopes": ["push"]}
KEY_SHOWN: dict[str, Any] = {
    "id": KEY_ID,
    "person_id": None,
    "created_at": "2026-05-01T01:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    **KEY,
}
NEW_KEY = {"id": KEY_ID, "key": "so_..."}
MESSAGE: dict[str, Any] = {
    "id": 5117,
    "receiver": "platform",
    "case_id": CASE_ID,
    "type": "case.dispatch",
    "created_at": "2026-05-06T04:12:40Z",
    "next_at": "2026-05-09T04:13:10Z",
    "tries": 1,
    "state": "dead",
    "error": "platform.example: 400 Bad Request: no such type",
}
LOOK: dict[str, Any] = {
    "at": "2026-05-06T04:08:55Z",
    "who": "Li",
    "case_id": CASE_ID,
    "evidence_id": EVIDENCE_ID,
    "why": "review",
    "original": False,
}
PERMIT: dict[str, Any] = {
    "types": ["road_vending", "street_umbrella"],
    "holder": "Zhongshan Lu night market",
    "valid_from": "2026-05-01",
    "valid_to": "2026-10-31",
    "area": {
        "type": "Polygon",
        "coordinates": [[[118.08, 24.47], [118.09, 24.47], [118.09, 24.48], [118.08, 24.47]]],
    },
}
PERMIT_SHOWN = {"id": "2026-0417", "note": "", **PERMIT}
ZONE: dict[str, Any] = {
    "id": "lane",
    "kind": "carriageway",
    "polygon": [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95], [0.1, 0.95]],
    "hours": {"mon-fri": "07:00-19:00"},
}
CAMERA: dict[str, Any] = {
    "id": "zhongshan-07",
    "name": "Zhongshan Lu, at the theatre",
    "urls": {"detect": "rtsp://viewer:***@10.20.1.7/sub", "evidence": "rtsp://viewer:***@10.20.1.7/main"},
    "place": {"lat": 24.4794, "lon": 118.0891},
    "pool": "siming",
    "views": [{"id": "home", "zones": [ZONE]}],
}
PROBLEM: dict[str, Any] = {
    "type": "about:blank",
    "title": "Not valid",
    "status": 422,
    "detail": "body.violation.camera_id: Field required",
    "errors": [{"field": "body.violation.camera_id", "problem": "Field required"}],
}

FILED = {
    "api_key": "so_...",
    "service_code": "overflowing_bin",
    "lat": 24.4795,
    "long": 118.0894,
    "description": "Full since the morning",
}
REQUEST_FILED = {"service_request_id": "1043", "service_notice": None, "account_id": None}
REQUEST: dict[str, Any] = {
    "service_request_id": "1042",
    "status": "open",
    "status_notes": None,
    "service_name": "overflowing bin",
    "service_code": "overflowing_bin",
    "description": None,
    "agency_responsible": "Sanitation",
    "service_notice": None,
    "requested_datetime": "2026-05-06T04:00:02Z",
    "updated_datetime": "2026-05-06T04:12:40Z",
    "expected_datetime": "2026-05-06T08:12:40Z",
    "address": None,
    "address_id": None,
    "zipcode": None,
    "lat": 24.4795,
    "long": 118.0894,
    "media_url": None,
}

DISCOVERED: dict[str, Any] = {
    "changeset": "2026-05-06 00:00",
    "contact": "Whoever runs this service.",
    "key_service": "Whoever runs this service gives keys; reading needs none.",
    "endpoints": [
        {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": "https://cases.example/open311/v2",
            "changeset": "2026-05-06 00:00",
            "type": "production",
            "formats": ["text/xml", "application/json"],
        }
    ],
}
