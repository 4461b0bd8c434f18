"""The catalogue: ``violations.yaml`` as frozen records, checked once when it is first read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, get_origin, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from labels.violation import AuxiliaryClass, EvidenceRule, Rule, ViolationType

FILE_NAME = "violations.yaml"


class CatalogueError(ValueError):
    """The catalogue says something impossible; the message names file, line, entry, value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a city handles, by key, in the order of the file; both mappings are read-only.

    auxiliary: classes that are no violation but help to judge one.
    """

    types: Mapping[str, ViolationType]
    auxiliary: Mapping[str, AuxiliaryClass]


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that comes with the package. Raises ``CatalogueError``."""
    return parse_catalogue((files("labels") / FILE_NAME).read_text(encoding="utf-8"))


def parse_catalogue(text: str, file_name: str = FILE_NAME) -> Catalogue:
    """Raises ``CatalogueError`` for the first thing that is wrong."""
    try:
        root = YAML().load(text)  # the round-trip loader: it keeps line numbers and refuses a key that stands twice
    except MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise CatalogueError(f"{file_name}:{line}: {problem.problem}") from problem
    except YAMLError as problem:
        raise CatalogueError(f"{file_name}:1: {problem}") from problem
    if not isinstance(root, CommentedMap):
        raise CatalogueError(f"{file_name}:1: a mapping with the entries types and auxiliary is needed")
    read = _Reader(file_name)
    read.same_names(root, "the catalogue", {"types", "auxiliary"})
    types = {key: read.record(ViolationType, root["types"], key) for key in read.section(root, "types")}
    auxiliary = {key: read.record(AuxiliaryClass, root["auxiliary"], key) for key in read.section(root, "auxiliary")}
    for key in auxiliary:
        if key in types:
            raise read.error(root["auxiliary"], key, key, "is a type already; a key has one meaning")
    return Catalogue(MappingProxyType(types), MappingProxyType(auxiliary))


class _Reader:
    """Turns mappings of one file into records, field by field, by the types that the records declare."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name

    def error(self, parent: CommentedMap, name: str, path: str, what: str) -> CatalogueError:
        line = parent.lc.key(name)[0] + 1 if name in parent else parent.lc.line + 1
        return CatalogueError(f"{self.file_name}:{line}: {path}: {what}")

    def section(self, parent: CommentedMap, name: str) -> CommentedMap:
        value = parent[name]
        if not isinstance(value, CommentedMap):
            raise self.error(parent, name, name, f"{value!r} is no mapping")
        return value

    def same_names(self, mapping: CommentedMap, path: str, allowed: set[str]) -> None:
        for name in mapping:
            if name not in allowed:
                raise self.error(mapping, name, path, f"unknown entry {name!r}; allowed: {', '.join(sorted(allowed))}")
        if missing := allowed - set(mapping):
            raise self.error(mapping, "", path, f"lacks {', '.join(sorted(missing))}")

    def record(self, kind: type[Any], parent: CommentedMap, name: str, path: str = "") -> Any:
        path = path or str(name)
        if not isinstance(name, str) or not (name.isascii() and name.isidentifier() and name == name.lower()):
            raise self.error(parent, name, path, "a key is lower-case letters, digits and underscores")
        mapping = parent[name]
        if not isinstance(mapping, CommentedMap):
            raise self.error(parent, name, path, f"{mapping!r} is no mapping")
        hints = get_type_hints(kind)
        wanted = [field.name for field in fields(kind) if field.name != "key"]
        self.same_names(mapping, path, set(wanted))
        values = {field: self.value(hints[field], mapping, field, f"{path}.{field}") for field in wanted}
        return kind(key=name, **values) if "key" in hints else kind(**values)

    def value(self, kind: Any, parent: CommentedMap, name: str, path: str) -> Any:
        if kind in (Rule, EvidenceRule):
            return self.record(kind, parent, name, path)
        value = parent[name]
        if kind is float:
            least, most = _RANGES[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not least < value <= most:
                raise self.error(parent, name, path, f"{value!r}: a number above {least:g} up to {most:g} is needed")
            return float(value)
        if get_origin(kind) is tuple:
            if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
                raise self.error(parent, name, path, f"{value!r}: a list of kinds of zone is needed")
            return tuple(str(item) for item in value)
        if kind is bool:
            if not isinstance(value, bool):
                raise self.error(parent, name, path, f"{value!r}: true or false is needed")
            return value
        return self.text(kind, parent, name, path)

    def text(self, kind: Any, parent: CommentedMap, name: str, path: str) -> str | None:
        value = parent[name]
        if value is None and kind == str | None:
            return None
        if not isinstance(value, str) or (not value and name != "gb_note"):
            hint = " (null where there is none)" if kind == str | None else ""
            raise self.error(parent, name, path, f"{value!r}: text is needed, a code in quotation marks{hint}")
        return str(value)


_DAY = 86_400.0
_RANGES = {
    "dwell_s": (0.0, _DAY),
    "absence_s": (0.0, _DAY),
    "share": (0.0, 1.0),
    "pre_s": (0.0, 120.0),
    "post_s": (0.0, 120.0),
}
