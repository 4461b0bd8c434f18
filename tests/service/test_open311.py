"""Open311 GeoReport v2, as a client that knows only the published specification speaks it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from labels.catalogue import load_catalogue
from tests.cases.stores import NOON, event, fresh_url
from tests.service.api.served import Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with fresh_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as found:
        yield found


def get(served: Served, path: str, **query: str) -> httpx.Response:
    return httpx.get(f"{served.url}/open311/v2/{path}", params=query, timeout=30)


def filed(served: Served, form: str = "json", **said: str) -> httpx.Response:
    body = {
        "api_key": served.keys["worker"],
        "service_code": "overflowing_bin",
        "lat": "24.48",
        "long": "118.09",
    } | said
    return httpx.post(f"{served.url}/open311/v2/requests.{form}", data={k: v for k, v in body.items() if v}, timeout=30)


def test_the_services_are_the_types_of_violation(served: Served) -> None:
    listed = get(served, "services.json").json()
    assert [s["service_code"] for s in listed] == list(load_catalogue().types)
    assert {"service_name", "description", "metadata", "type", "keywords", "group"} <= listed[0].keys()
    xml = ET.fromstring(get(served, "services.xml").content)
    assert (xml.tag, xml[0].tag, xml.findtext("service/service_code")) == (
        "services",
        "service",
        listed[0]["service_code"],
    )
    assert get(served, "services.xml").headers["Content-Type"] == "text/xml; charset=utf-8"
    assert get(served, "services/overflowing_bin.json").json()[0]["metadata"] is False
    missing = get(served, "services/flying.json")
    assert (missing.status_code, missing.json()[0]["code"]) == (404, 404)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_request_is_filed_read_and_found(served: Served, form: str) -> None:
    done = filed(served, form, description="满了 & <b>over</b>", address_string="Zhongshan Lu 7")
    assert done.status_code == 201, done.text
    id = (
        done.json()[0]["service_request_id"]
        if form == "json"
        else ET.fromstring(done.content).findtext("request/service_request_id")
    )
    one = get(served, f"requests/{id}.{form}")
    if form == "json":
        (row,) = one.json()
    else:
        row = {part.tag: part.text for part in ET.fromstring(one.content)[0]}
    assert (row["service_request_id"], row["status"], row["service_code"]) == (id, "open", "overflowing_bin")
    assert (float(row["lat"]), float(row["long"])) == (24.48, 118.09)
    assert row["description"] == "满了 & <b>over</b>"
    assert row["agency_responsible"] == "sanitation"
    asked = datetime.fromisoformat(row["requested_datetime"])
    assert asked == NOON
    assert asked.utcoffset() == timedelta(0)


def test_requests_are_filtered_as_the_specification_says(served: Served) -> None:
    first = filed(served).json()[0]["service_request_id"]
    served.clock.pass_(days=1)
    second = filed(served, service_code="road_vending").json()[0]["service_request_id"]
    case = served.ask("li", "GET", "/api/v1/cases", params={"text": first}).json()["cases"][0]["id"]
    served.ask("li", "POST", f"/api/v1/cases/{case}/actions", {"action": "reject", "reason": "a permit"})
    for query, wanted in (
        ({}, [second, first]),
        ({"service_code": "road_vending"}, [second]),
        ({"status": "open"}, [second]),
        ({"status": "closed"}, [first]),
        ({"status": "open,closed"}, [second, first]),
        ({"service_request_id": f"{first},{second}"}, [second, first]),
        ({"start_date": (NOON + timedelta(hours=1)).isoformat()}, [second]),
        ({"end_date": (NOON + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}, [first]),
    ):
        found = get(served, "requests.json", **query)
        assert [r["service_request_id"] for r in found.json()] == wanted, query
    assert get(served, f"requests/{first}.json").json()[0]["status_notes"] == "a permit"


def test_what_a_camera_says_is_nobody_elses_business_until_a_person_has_confirmed_it(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    assert get(served, "requests.json").json() == []
    served.ask("li", "POST", f"/api/v1/cases/{case}/actions", {"action": "accept"})
    assert len(get(served, "requests.json").json()) == 1


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ({"api_key": "so_wrong"}, 403, "api_key"),
        ({"api_key": ""}, 403, "api_key"),
        ({"service_code": "flying"}, 404, "service_code"),
        ({"service_code": ""}, 400, "service_code"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": "north"}, 400, "lat"),
        ({"long": "1e9"}, 400, "long"),
    ],
)
def test_what_is_wrong_is_said_in_the_form_that_was_asked(
    served: Served, said: dict[str, str], status: int, why: str
) -> None:
    answer = filed(served, "xml", **said)
    assert answer.status_code == status
    error = ET.fromstring(answer.content)
    assert (error.tag, error.findtext("error/code")) == ("errors", str(status))
    assert why in (error.findtext("error/description") or "")


@pytest.mark.parametrize(
    "query",
    [
        {"status": "half"},
        {"service_request_id": "1; DROP"},
        {"start_date": "yesterday"},
        {"start_date": "2020-01-01T00:00:00Z"},
    ],
)
def test_questions_that_make_no_sense_are_refused(served: Served, query: dict[str, str]) -> None:
    answer = get(served, "requests.json", **query)
    assert (answer.status_code, answer.json()[0]["code"]) == (400, 400)


def test_what_was_noted_inside_the_house_stays_there(served: Served) -> None:
    path = f"/api/v1/cases/{served.push(event(1)).json()['case_id']}/actions"
    served.ask("li", "POST", path, {"action": "accept"})
    served.ask("root", "POST", path, {"action": "hold", "reason": "prosecutor, file 12"})
    (row,) = get(served, "requests.json").json()
    assert row["status_notes"] is None
    served.ask("li", "POST", path, {"action": "reject", "reason": "a permit allows it"})
    assert get(served, "requests.json").json() == []
