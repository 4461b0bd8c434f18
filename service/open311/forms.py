"""What Open311 GeoReport v2 looks like in JSON and in XML. https://wiki.open311.org/GeoReport_v2/"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from fastapi import Response

from cases.case import Case
from cases.life import OPEN
from labels.violation import ViolationType

XML, JSON = "text/xml; charset=utf-8", "application/json; charset=utf-8"
NAMES = {"services": "service", "service_requests": "request", "errors": "error", "keywords": "keyword"}
"""What the members of a list are called in XML."""


def answer(form: str, root: str, rows: Sequence[Mapping[str, Any]], status: int = 200) -> Response:
    """form: ``json`` or ``xml``. root: the name of the whole in XML."""
    if form == "json":
        return Response(json.dumps(list(rows), ensure_ascii=False), status, media_type=JSON)
    whole = ET.Element(root)
    for row in rows:
        member = ET.SubElement(whole, NAMES[root])
        for name, value in row.items():
            part = ET.SubElement(member, name)
            if value is not None:
                part.text = str(value).lower() if isinstance(value, bool) else _text(value)
    body = ET.tostring(whole, encoding="unicode", xml_declaration=False)
    return Response(f'<?xml version="1.0" encoding="utf-8"?>{body}', status, media_type=XML)


def _text(value: Any) -> str:
    """XML 1.0 has no room for most control characters, not even escaped."""
    return "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in str(value))


def failure(form: str, status: int, description: str) -> Response:
    """An error as the specification wants it."""
    return answer(form, "errors", [{"code": status, "description": description}], status)


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


def request_row(case: Case, kind: ViolationType, notes: str | None) -> dict[str, Any]:
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
        "updated_datetime": _when(case.updated_at),
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
