"""A YAML file as plain values, and the line that each of them stands in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

Loc = Sequence[int | str]


class YamlProblem(ValueError):
    """The file cannot be read, or is no YAML; the message says in which line and why. It never quotes the file, which
    may hold passwords."""


@dataclass(frozen=True, slots=True)
class Document:
    """data: plain dictionaries, lists, texts and numbers. Dates are texts."""

    path: Path
    data: Any
    _source: Any

    def line(self, loc: Loc) -> int:
        """The line, from 1, of the value at ``loc``, or of the innermost part of the way to it that is in the file."""
        node, line = self._source, 1
        for key in loc:
            try:
                row = node.lc.key(key)[0] if isinstance(node, CommentedMap) else node.lc.item(key)[0]
                node, line = node[key], row + 1
            except (AttributeError, KeyError, IndexError, TypeError):
                break  # a missing field, or one that came in through a merge (<<)
        return line


def read_yaml(path: Path) -> Document:
    """Raises ``YamlProblem``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise YamlProblem(f"{path}: cannot be read: {problem.strerror or problem}") from None
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise YamlProblem(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None
    yaml = YAML()
    yaml.Constructor = _Constructor
    try:
        source = yaml.load(text)
        data = _plain(source)
    except YAMLError as problem:
        raise YamlProblem(f"{path}:{_line(problem)}: {_reason(problem)}") from None
    except RecursionError:
        raise YamlProblem(f"{path}: nested too deeply, or an alias (*) that holds itself") from None
    return Document(path, data, source)


class _Constructor(RoundTripConstructor):
    """Leaves dates as texts, so that a wrong one is reported like every other wrong value."""

    def date_text(self, node: ScalarNode) -> str:
        return str(node.value)


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.date_text)


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _line(problem: YAMLError) -> int:
    mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
    return mark.line + 1 if mark else 1


def _reason(problem: YAMLError) -> str:
    if isinstance(problem, DuplicateKeyError):
        key = str(problem.problem).partition(" with value")[0].removeprefix("found duplicate key").strip()
        return f"the key {key} stands here a second time; keep one of them"
    if isinstance(problem, MarkedYAMLError) and problem.problem:
        return f"no valid YAML: {problem.problem}" + (f" ({problem.context})" if problem.context else "")
    return "no valid YAML: a character that YAML does not allow"
