"""What somebody files: the fields of a form, as the columns of a case. Raises ``Problem`` for what is wrong."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from cases.desk import new_id
from labels.catalogue import load_catalogue
from service.api.problems import Problem

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
MOST_FIELDS = 200
LONGEST = {"description": 4000, "address_string": 1000, "address_id": 1000, "media_url": 2000}
"""Characters."""


async def fields_of(request: Request) -> dict[str, str]:
    """By name. Text is UTF-8 also where a client leaves it as it is instead of writing ``%E6``."""
    kind = request.headers.get("Content-Type", URLENCODED).partition(";")[0].strip().lower()
    if kind == MULTIPART:
        async with request.form(max_files=10, max_fields=MOST_FIELDS) as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}
    if kind != URLENCODED:
        raise _wrong(f"Content-Type: {URLENCODED} is needed")
    text = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise _wrong(f"at most {MOST_FIELDS} fields are taken") from None


def columns_of(said: Mapping[str, str]) -> dict[str, Any]:
    """Of a new case. What ``media_url`` says becomes the last line of the description: there is no other place."""
    code = said.get("service_code", "").strip()
    if code not in load_catalogue().types:
        raise Problem(404 if code else 400, "Not found", f"service_code {code[:64]!r} was not found: see services")
    lat, lon = _degrees(said, "lat", 90), _degrees(said, "long", 180)
    address = _text(said, "address_string") or _text(said, "address_id")
    if (lat is None) != (lon is None):
        raise _wrong("lat and long are needed together")
    if lat is None and not address:
        raise _wrong("lat and long, or address_string, or address_id, are needed")
    text = "\n".join(part for part in (_text(said, "description"), _text(said, "media_url")) if part)
    place = {"lat": lat, "lon": lon, "radius_m": None if lat is None else 20.0}
    return {"id": new_id(), "key": code, "address": address or None, "description": text or None} | place


def _text(said: Mapping[str, str], name: str) -> str:
    text = said.get(name, "").strip()
    if len(text) > LONGEST[name]:
        raise _wrong(f"{name}: at most {LONGEST[name]} characters are taken")
    return text


def _degrees(said: Mapping[str, str], name: str, most: float) -> float | None:
    text = said.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -most <= value <= most:
        raise _wrong(f"{name} must be degrees from -{most:g} to {most:g}, WGS-84, not {text[:40]!r}")
    return value


def _wrong(why: str) -> Problem:
    return Problem(400, "Not valid", why)
