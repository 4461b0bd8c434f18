"""The description of the interface shows by example what goes in and comes out, and the examples are true."""

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from labels.catalogue import load_catalogue
from service.api import (
    cameras,
    case_shape,
    event_shape,
    evidence,
    health,
    messages,
    people,
    permits,
    problems,
    push,
    statistics,
    still_there,
)
from service.api.access import SCOPES
from service.api.app import make_app
from service.api.examples import CAMERA, DISCOVERED, FILED, REQUEST, ZONE
from service.city_camera import Camera
from service.city_view import Zone
from service.open311.discovery import discovered
from service.open311.forms import request_row

MODULES = (
    cameras,
    case_shape,
    event_shape,
    evidence,
    health,
    messages,
    people,
    permits,
    problems,
    push,
    statistics,
    still_there,
)
BYTES = ("image/", "video/")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    office: Any = SimpleNamespace(writer=None)
    access: Any = None
    return make_app(office, access).openapi()


def models() -> Iterator[type[BaseModel]]:
    for module in MODULES:
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, BaseModel) and kind.__module__ == module.__name__ and "examples" in extra(kind):
                yield kind


def extra(kind: type[BaseModel]) -> dict[str, Any]:
    said = kind.model_config.get("json_schema_extra")
    return said if isinstance(said, dict) else {}


@pytest.mark.parametrize("kind", list(models()), ids=lambda kind: kind.__name__)
def test_an_example_is_what_its_schema_says_and_complete(kind: type[BaseModel]) -> None:
    for example in extra(kind)["examples"]:
        read = kind.model_validate(example)
        if kind.__name__.endswith("Out"):  # an answer always has all of its members
            assert example.keys() == kind.model_fields.keys()
        assert TypeAdapter(kind).dump_python(read, mode="json", exclude_unset=True) == example


def test_examples_without_a_model_are_true() -> None:
    assert Camera.model_validate(CAMERA).model_dump(mode="json", exclude_unset=True) == CAMERA
    Zone.model_validate(ZONE)
    kind = load_catalogue().types["overflowing_bin"]
    case = case_shape.CaseOut.model_validate(extra(case_shape.CaseOut)["examples"][0])
    shown: Any = case
    assert request_row(shown, kind, None) == REQUEST
    assert FILED["service_code"] in load_catalogue().types
    assert discovered("https://cases.example/").keys() == DISCOVERED.keys()


def test_it_says_which_key_is_needed_where(described: dict[str, Any]) -> None:
    (scheme,) = described["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert "authorization" not in {p["name"].lower() for p in operation.get("parameters", [])}
            needed = [scope for said in operation.get("security", []) for scope in said["key"]]
            assert len(needed) == path.startswith("/api/v1/"), path
            assert set(needed) <= SCOPES.keys()
    assert described["paths"]["/api/v1/keys"]["post"]["security"] == [{"key": ["admin"]}]


def test_every_answer_with_a_body_says_what_it_is(described: dict[str, Any]) -> None:
    bare = set()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if "content" not in answer:
                    bare.add((method, path, status))
    gone = {(m, p, s) for m, p, s in bare if s == "204" and m == "delete"}
    assert bare - gone == {("get", "/api/v1/cases/{case_id}", "304")}


def test_every_body_has_an_example(described: dict[str, Any]) -> None:
    bare = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            answers = [operation.get("requestBody", {}), *operation["responses"].values()]
            for media_type, body in ((t, b) for answer in answers for t, b in answer.get("content", {}).items()):
                if not media_type.startswith(BYTES) and not exemplified(body, described):
                    bare.append(f"{method} {path} {media_type}")
    assert bare == ["get /api/v1/evidence/{evidence_id} application/json"]  # a manifest, whose form is its own


def exemplified(body: dict[str, Any], described: dict[str, Any]) -> bool:
    """Whether a body, or the schema that it leads to, has an example of its own."""
    schema = body.get("schema", body)
    name = schema.get("$ref", "").rpartition("/")[2]
    leads_to = [described["components"]["schemas"][name]] if name else []
    leads_to += [schema["items"]] if "items" in schema else []
    own = any("example" in part or "examples" in part for part in (body, schema))
    return own or any(exemplified(part, described) for part in leads_to)
