"""Open311 GeoReport v2, as a client that knows only the published specification speaks it."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from structlog.testing import capture_logs

from labels.catalogue import load_catalogue
from service.open311.discovery import CHANGESET
from service.open311.forms import service_row
from tests.cases.stores import NOON, event, made_url
from tests.service.api.served import Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with made_url("sqlite", tmp_path) as url, serving(url, str(tmp_path / "evidence")) as found:
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


def test_a_service_is_defined_and_asks_for_no_attributes(served: Served) -> None:
    wanted = {"service_code": "overflowing_bin", "attributes": []}
    assert get(served, "services/overflowing_bin.json", jurisdiction_id="city.example").json() == wanted
    xml = ET.fromstring(get(served, "services/overflowing_bin.xml").content)
    assert (xml.tag, [part.tag for part in xml]) == ("service_definition", ["service_code", "attributes"])
    assert (xml.findtext("service_code"), len(xml[1])) == ("overflowing_bin", 0)
    missing = get(served, "services/flying.json")
    assert (missing.status_code, missing.json()[0]["code"]) == (404, 404)


def test_where_it_is_spoken_is_discovered(served: Served) -> None:
    said = httpx.get(f"{served.url}/open311/discovery.json").json()
    assert said.keys() == {"changeset", "contact", "key_service", "endpoints"}
    (endpoint,) = said["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert httpx.get(f"{endpoint['url']}/services.json").status_code == 200
    xml = ET.fromstring(httpx.get(f"{served.url}/open311/discovery.xml").content)
    assert xml.findtext("endpoints/endpoint/url") == endpoint["url"]
    assert [part.text for part in xml.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


def test_other_services_are_another_changeset() -> None:
    """Clients keep the services until it changes: whoever changes them says so here and in ``CHANGESET``."""
    rows = str([service_row(kind) for kind in load_catalogue().types.values()])
    known = {"2026-11-28 00:00": "0450410f5341"}
    assert known[CHANGESET] == hashlib.sha256(rows.encode()).hexdigest()[:12]


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
        ({"status": "", "service_code": "", "start_date": "", "page": ""}, [second, first]),
        ({"page": "2", "page_size": "1"}, [first]),
        ({"page": "3", "page_size": "1"}, []),
        ({"updated_after": (NOON + timedelta(hours=1)).isoformat()}, [second, first]),
        ({"updated_before": (NOON + timedelta(hours=1)).isoformat()}, []),
        ({"start_date": (NOON + timedelta(hours=1)).isoformat()}, [second]),
        ({"end_date": (NOON + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}, [first]),
    ):
        found = get(served, "requests.json", **query)
        assert [r["service_request_id"] for r in found.json()] == wanted, query
    both = httpx.get(f"{served.url}/open311/v2/requests.json?status=open&status=closed").json()
    assert [r["service_request_id"] for r in both] == [second, first]
    assert get(served, f"requests/{first}.json").json()[0]["status_notes"] == "a permit"


def test_what_a_camera_says_is_nobody_elses_business_until_a_person_has_confirmed_it(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    assert get(served, "requests.json").json() == []
    served.ask("li", "POST", f"/api/v1/cases/{case}/actions", {"action": "accept"})
    assert len(get(served, "requests.json").json()) == 1


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ({"api_key": "so_wrong"}, 403, "api_key: this one is not known"),
        ({"api_key": ""}, 403, "api_key: one is needed"),
        ({"service_code": "flying"}, 404, "service_code 'flying' was not found"),
        ({"service_code": ""}, 400, "service_code"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"long": "", "address_string": "Zhongshan Lu 7"}, 400, "lat and long are needed together"),
        ({"lat": "north"}, 400, "lat"),
        ({"long": "1e9"}, 400, "long"),
        ({"description": "x" * 4001}, 400, "description: at most 4000 characters"),
        ({"media_url": "https://x.example/" + "x" * 2000}, 400, "media_url: at most 2000 characters"),
    ],
)
def test_what_is_wrong_is_said_in_the_form_that_was_asked(
    served: Served, said: dict[str, str], status: int, why: str
) -> None:
    for form in ("json", "xml"):
        assert why in refused(filed(served, form, **said), status, form)
    assert get(served, "requests.json").json() == []


def refused(answer: httpx.Response, status: int, form: str) -> str:
    """Why, as the specification wants it to be said."""
    assert answer.status_code == status
    if form == "json":
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        (error,) = answer.json()
    else:
        assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
        whole = ET.fromstring(answer.content)
        assert (whole.tag, [part.tag for part in whole]) == ("errors", ["error"])
        error = {part.tag: part.text for part in whole[0]}
    assert str(error["code"]) == str(status)
    return str(error["description"])


FORM, PARTS = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("method", "path", "status", "form", "how"),
    [
        ("GET", "v2/services.foo", 400, "xml", {}),
        ("GET", "v2/services", 404, "xml", {}),
        ("GET", "v2/tokens/1.json", 404, "json", {}),
        ("DELETE", "v2/services.json", 405, "json", {}),
        ("GET", "v2/requests.xml", 400, "xml", {"params": {"status": "x" * 3000}}),
        ("GET", "v2/requests.json", 400, "json", {"params": {"page": "0"}}),
        ("GET", "v2/requests/x.xml", 404, "xml", {}),
        ("POST", "v2/requests.xml", 413, "xml", {"content": b"a" * (5 << 20), "headers": FORM}),
        ("POST", "v2/requests.json", 413, "json", {"content": (b"a" * (1 << 20) for _ in range(5)), "headers": FORM}),
        ("POST", "v2/requests.xml", 400, "xml", {"content": b"garbage", "headers": PARTS}),
        ("POST", "v2/requests.xml", 400, "xml", {"content": b"{}", "headers": {"Content-Type": "application/json"}}),
        ("POST", "v2/requests.xml", 400, "xml", {"content": b"a=1&" * 300, "headers": FORM}),
        ("GET", "discovery.html", 400, "xml", {}),
    ],
)
def test_what_the_framework_refuses_is_said_so_too(
    served: Served, method: str, path: str, status: int, form: str, how: dict[str, Any]
) -> None:
    assert refused(httpx.request(method, f"{served.url}/open311/{path}", **how), status, form)


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("name", ["start_date", "end_date", "updated_after", "updated_before"])
def test_times_with_which_no_sum_can_be_done_are_refused(served: Served, name: str, when: str) -> None:
    assert f"{name}: " in refused(get(served, "requests.xml", **{name: when}), 400, "xml")


@pytest.mark.parametrize(
    "query",
    [
        {"status": "half"},
        {"service_request_id": "1; DROP"},
        {"service_request_id": "9" * 40},
        {"start_date": "yesterday"},
        {"start_date": "2020-01-01T00:00:00Z"},
        {"updated_after": "2020-01-01T00:00:00Z"},
        {"page_size": "1001"},
    ],
)
def test_questions_that_make_no_sense_are_refused(served: Served, query: dict[str, str]) -> None:
    assert next(iter(query)) in refused(get(served, "requests.json", **query), 400, "json")


def test_no_text_that_somebody_files_keeps_the_others_from_being_read(served: Served) -> None:
    """U+FFFE and U+FFFF are no XML, however they are written, and neither is half a character."""
    for text in ("\ufffe \uffff", "bell \x07", "fine \U0001f6ae\u4e2d\u6587"):
        assert filed(served, description=text, account_id=text).status_code == 201
    half = f"api_key={served.keys['worker']}&service_code=overflowing_bin&lat=24&long=118&description=%ED%A0%80"
    url = f"{served.url}/open311/v2/requests.xml"
    assert ET.fromstring(httpx.post(url, content=half, headers=FORM).content).tag == "service_requests"
    texts = [part.text for part in ET.fromstring(get(served, "requests.xml").content).iter("description")]
    assert texts[1:] == ["fine \U0001f6ae\u4e2d\u6587", "bell \ufffd", "\ufffd \ufffd"]
    assert len(get(served, "requests.json").json()) == 4


def test_text_is_utf_8_also_where_a_client_leaves_it_as_it_is(served: Served) -> None:
    body = f"api_key={served.keys['worker']}&service_code=overflowing_bin&lat=24&long=118&description=满了+50%25"
    httpx.post(f"{served.url}/open311/v2/requests.json", content=body.encode(), headers=FORM)
    parts = {
        "api_key": served.keys["worker"],
        "service_code": "overflowing_bin",
        "address_id": "7",
        "description": "满",
    }
    httpx.post(f"{served.url}/open311/v2/requests.json", data=parts, files={"photo": b"x"})
    assert [row["description"] for row in get(served, "requests.json").json()] == ["满", "满了 50%"]


def test_what_a_camera_sees_where_somebody_reports_it_may_be_the_same(served: Served) -> None:
    seen = served.push(event(1)).json()["case_id"]
    filed(served)
    filed(served, service_code="road_vending")
    reported = served.ask("li", "GET", "/api/v1/cases", params={"text": "2"}).json()["cases"][0]["id"]
    assert [m["case_id"] for m in served.ask("li", "GET", f"/api/v1/cases/{seen}").json()["may_be"]] == [reported]


def test_what_media_url_says_ends_the_description(served: Served) -> None:
    filed(served, description="Full", media_url="https://photos.example/7.jpg")
    (row,) = get(served, "requests.json").json()
    assert (row["description"], row["media_url"]) == ("Full\nhttps://photos.example/7.jpg", None)


def test_a_closed_request_says_when_it_was_closed(served: Served) -> None:
    filed(served)
    path = f"/api/v1/cases/{served.ask('li', 'GET', '/api/v1/cases').json()['cases'][0]['id']}/actions"
    for action in ("accept", "file", "dispatch", "take", "feed_back", "verify", "close"):
        assert served.ask("root", "POST", path, {"action": action, "reason": "x"}).status_code == 200
    closed = served.clock.now
    served.clock.pass_(days=2)
    served.ask("root", "POST", path, {"action": "hold", "reason": "x"})
    (row,) = get(served, "requests.json").json()
    assert (row["status"], datetime.fromisoformat(row["updated_datetime"])) == ("closed", closed)


def test_no_key_gets_into_the_log(served: Served) -> None:
    with capture_logs() as log:
        filed(served, api_key="so_guessed")
        filed(served, lat="north")
    assert [(line["event"], line["status"], line["who"]) for line in log] == [
        ("refused", 403, ""),
        ("refused", 400, "worker-1"),
    ]
    assert "so_guessed" not in str(log)
    assert served.keys["worker"] not in str(log)


def test_what_was_noted_inside_the_house_stays_there(served: Served) -> None:
    path = f"/api/v1/cases/{served.push(event(1)).json()['case_id']}/actions"
    served.ask("li", "POST", path, {"action": "accept"})
    served.ask("root", "POST", path, {"action": "hold", "reason": "prosecutor, file 12"})
    (row,) = get(served, "requests.json").json()
    assert row["status_notes"] is None
    served.ask("li", "POST", path, {"action": "reject", "reason": "a permit allows it"})
    assert get(served, "requests.json").json() == []
