"""What is wrong with a city file, in sentences: where, which value and what is allowed. No password is shown."""

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.city_yaml import Loc

Complaint = tuple[Loc, str]

_NOUNS = {"cameras": "camera", "views": "view", "zones": "zone"}
_PLAIN = {
    "dict_type": "a mapping (fields with values) is needed",
    "model_type": "a mapping (fields with values) is needed",
    "model_attributes_type": "a mapping (fields with values) is needed",
    "list_type": "a list is needed",
    "tuple_type": "a list of two numbers is needed",
    "string_type": 'text is needed; a number that is a name goes in quotes: "12"',
    "float_type": "a number without quotes is needed",
    "int_type": "a whole number without quotes is needed",
    "finite_number": "a finite number is needed",
}


def complaints(problem: ValidationError, data: Any, schema: dict[str, Any]) -> list[Complaint]:
    """Where each error is and what to say of it. schema: the JSON schema of the file, for the words about a field."""
    found: list[Complaint] = []
    for error in problem.errors(include_url=False):
        loc = tuple(key for key in error["loc"] if key != "[key]")
        found.append((loc, f"{_where(loc, data)}{_what(error, loc, schema)}"))
    return found


def repeated_ids(data: Any) -> list[Complaint]:
    """Ids that stand twice among cameras, a camera's views or a view's zones.

    They are sought beside the other errors rather than after them, so that one run tells everything.
    """
    found: list[Complaint] = []
    for loc, entries in _lists_of_entries(data):
        noun = _NOUNS[str(loc[-1])]
        taken: dict[str, str] = {}
        for n, entry in enumerate(entries):
            own = _step(entry, "id") or ("home" if noun == "view" else None)
            if not isinstance(own, str):
                continue
            same = own.casefold()  # K1 and k1 are one file to some systems
            if same in taken:
                also = f" as {_shown(taken[same])}, the same to some file systems" if taken[same] != own else ""
                place = (*loc, n, "id")
                what = f"value {_shown(own)}: another {noun} has this id{also}; an id is given once"
                found.append((place, _where(place, data) + what))
            taken.setdefault(same, own)
    return found


def _lists_of_entries(data: Any) -> Iterator[tuple[Loc, list[Any]]]:
    """The lists of cameras, views and zones, as far as what was written is a list."""
    loc: Loc = ("cameras",)
    cameras = _list(data, "cameras")
    yield loc, cameras
    for n, camera in enumerate(cameras):
        views = _list(camera, "views")
        yield (*loc, n, "views"), views
        for m, view in enumerate(views):
            yield (*loc, n, "views", m, "zones"), _list(view, "zones")


def _list(parent: Any, name: str) -> list[Any]:
    found = _step(parent, name)
    return found if isinstance(found, list) else []


def _where(loc: Loc, data: Any) -> str:
    """Such as ``camera 'k1': view 'home': zone 'kerb': polygon.2.0: ``."""
    parts: list[str] = []
    rest: list[str] = []
    keys = list(loc)
    while keys:
        key = keys.pop(0)
        data = _step(data, key)
        if key in _NOUNS and keys and isinstance(keys[0], int):
            number = keys.pop(0)
            data = _step(data, number)
            own = data.get("id") if isinstance(data, dict) else None
            default = "'home'" if key == "views" else f"number {int(number) + 1}"
            parts.append(f"{_NOUNS[str(key)]} {_shown(own) if isinstance(own, str) else default}")
        else:
            rest.append(str(key))
    return "".join(f"{part}: " for part in [*parts, ".".join(rest)] if part)


def _what(error: ErrorDetails, loc: Loc, schema: dict[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = list(_schema_at(schema, loc[:-1]).get("properties", {}))
        near = difflib.get_close_matches(str(loc[-1]), known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"no such field; {hint}allowed are {', '.join(known)}"
    about = _schema_at(schema, loc).get("description", "")
    about = f" ({about.rstrip('.')})" if about and len(about) < 300 else ""
    if kind == "missing":
        return f"is missing{about}"
    if kind == "value_error":
        said = str(context["error"])
        return f"{_value(error['input'], loc)}{said}"
    if kind in ("too_short", "too_long"):
        limit = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return f"{context['actual_length']} given, {limit} needed{about}"
    said = _PLAIN.get(kind) or error["msg"].replace("Input should be", "must be").replace("Input", "it")
    return f"{_value(error['input'], loc)}{said}{about}"


def _value(value: Any, loc: Loc) -> str:
    if "urls" in loc:
        return ""  # may hold a password, in whatever shape it was written
    return f"value {_shown(value)}: " if isinstance(value, str | int | float | None) else ""


def _shown(value: Any) -> str:
    text = repr(value)
    if "://" in text or "@" in text:
        return "(not shown: it looks like a URL)"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _step(data: Any, key: int | str) -> Any:
    try:
        return data[key]
    except (KeyError, IndexError, TypeError):
        return None


def _schema_at(schema: dict[str, Any], loc: Loc) -> dict[str, Any]:
    """The part of a JSON schema that speaks of ``loc``; what stands beside a reference counts before it."""
    node: dict[str, Any] = schema
    for key in (None, *loc):
        if isinstance(key, int):
            node = node.get("items", {})
        elif key is not None:
            node = node.get("properties", {}).get(key) or node.get("additionalProperties") or {}
        if not isinstance(node, dict):
            return {}
        for choice in node.get("anyOf", ()):
            if choice.get("type") != "null":
                node = {**choice, **node}
        if "$ref" in node:
            node = {**schema["$defs"][node["$ref"].rpartition("/")[2]], **node}
    return node
