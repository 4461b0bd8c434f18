"""What Open311 GeoReport v2 looks like in JSON and in XML. https://wiki.open311.org/GeoReport_v2/"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from fastapi import Response

from cases.case import Case
from cases.life import OPEN
from labels.violation import ViolationType

XML, JSON = "text/xml; charset=utf-8", "application/json; charset=utf-8"
NAMES = {
    "services": "service",
    "attributes": "attribute",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What the members of a list are called in XML."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 has no room for these, not even escaped: one in one text and no parser reads the whole."""


def answer(form: str, root: str, what: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """form: ``json`` or ``xml``. root: the name of the whole in XML. what: rows, or one."""
    if form == "json":
        return Response(json.dumps(what, ensure_ascii=False), status, headers, JSON)
    whole = ET.Element(root)
    _fill(whole, what)
    body = ET.tostring(whole, encoding="unicode", xml_declaration=False)
    return Response(f'<?xml version="1.0" encoding="utf-8"?>{body}', status, headers, XML)


def _fill(part: ET.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, member in value.items():
            _fill(ET.SubElement(part, name), member)
    elif isinstance(value, list):
        for member in value:
            _fill(ET.SubElement(part, NAMES[part.tag]), member)
    elif value is not None:
        part.text = str(value).lower() if isinstance(value, bool) else _NO_XML.sub("\ufffd", str(value))


def failure(path: str, status: int, description: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as the specification wants it, in the form that the path asks for; XML, which all servers speak, where
    it asks for none.
    """
    form = "json" if path.endswith(".json") else "xml"
    return answer(form, "errors", [{"code": status, "description": description}], status, headers)


def service_row(kind: ViolationType) -> dict[str, Any]:
    return {
        "service_code": kind.key,
        "service_name": kind.en,
        "description": f"{kind.zh}: {kind.seen}",
        "metadata": False,
        "type": "realtime",
        "keywords": ",".join(code for code in (kind.gb_new, kind.gb_old) if code),
        "group": "street order",
    }


def definition(kind: ViolationType) -> dict[str, Any]:
    """No service asks for attributes of its own."""
    return {"service_code": kind.key, "attributes": []}


def request_row(case: Case, kind: ViolationType, notes: str | None) -> dict[str, Any]:
    """media_url: nothing is linked; pictures have faces and plates, and who looks at them says why."""
    return {
        "service_request_id": str(case.number),
        "status": "open" if case.state in OPEN else "closed",
        "status_notes": notes,
        "service_name": kind.en,
        "service_code": case.key,
        "description": case.description,
        "agency_responsible": case.department,
        "service_notice": None,
        "requested_datetime": _when(case.opened_at),
        "updated_datetime": _when(case.closed_at or case.updated_at),
        "expected_datetime": _when(case.due_at),
        "address": case.address,
        "address_id": None,
        "zipcode": None,
        "lat": case.lat,
        "long": case.lon,
        "media_url": None,
    }


def _when(at: datetime | None) -> str | None:
    """W3C date and time, to the second, UTC."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
