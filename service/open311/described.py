"""The interface's description of Open311, by example; what it looks like is the specification's."""

from collections.abc import Mapping, Sequence
from typing import Any

from labels.catalogue import load_catalogue
from service.api.examples import FILED, PROBLEM, REQUEST, REQUEST_FILED
from service.api.problems import MEDIA_TYPE
from service.open311.forms import answer, service_row

Responses = dict[int | str, dict[str, Any]]


def _forms(root: str, row: Mapping[str, Any]) -> dict[str, Any]:
    rows: Sequence[Mapping[str, Any]] = [row]
    xml = bytes(answer("xml", root, rows).body).decode()
    return {"application/json": {"example": rows}, "text/xml": {"example": xml}}


def _answers(status: int, root: str, row: Mapping[str, Any]) -> Responses:
    return {status: {"description": "As the specification has it", "content": _forms(root, row)}}


_WRONG = {"code": 404, "description": "service_code 'flying' was not found"}
_PROBLEM = {MEDIA_TYPE: {"example": PROBLEM}}
REFUSALS: Responses = {
    "4XX": {"description": "What is wrong", "content": _forms("errors", _WRONG) | _PROBLEM},
    "503": {"description": "The database is away; nothing was changed", "content": _PROBLEM},
}
SERVICES = _answers(200, "services", service_row(load_catalogue().types["overflowing_bin"]))
REQUESTS = _answers(200, "service_requests", REQUEST)
TAKEN = _answers(201, "service_requests", REQUEST_FILED)

_TEXT = {"type": "string"}
_FIELDS = ("api_key", "service_code", "lat", "long", "address_string", "address_id", "description", "media_url")
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": dict.fromkeys((*_FIELDS, "device_id", "account_id"), _TEXT),
                    "required": ["api_key", "service_code"],
                },
                "example": FILED,
            }
        },
    }
}
"""The fields of the specification that are read; the others it knows (``email``, ``phone`` ...) are not kept."""
