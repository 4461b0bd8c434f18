"""The names of a set's classes, from the file that the labelling tool left beside the labels."""

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from labels.datasets.records import LabelsError

LISTS = ("obj.names", "classes.txt")
"""One name a line: CVAT's YOLO 1.1; Label Studio and the scenes of ``labels synthesise``."""
YAMLS = ("data.yaml", "dataset.yaml")
"""``names``, a list or a mapping from index to name: CVAT's Ultralytics YOLO."""
NOTES = "notes.json"
"""``categories``, each with ``id`` and ``name``: Label Studio."""


def class_names(directory: Path) -> tuple[str, ...] | None:
    """The names in the order of their indices; None where no such file says them. Raises ``LabelsError``."""
    for name in LISTS:
        if (file := directory / name).is_file():
            return _checked(file, [line.strip() for line in _text(file).splitlines() if line.strip()])
    for name in YAMLS:
        if (file := directory / name).is_file():
            try:
                record = YAML(typ="safe", pure=True).load(_text(file))
            except YAMLError as error:
                raise LabelsError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
            names = record.get("names") if isinstance(record, dict) else None
            return _checked(file, names if isinstance(names, list) else _by_index(file, names))
    if (file := directory / NOTES).is_file():
        try:
            found = {c["id"]: c["name"] for c in json.loads(_text(file))["categories"]}
        except (ValueError, KeyError, TypeError):
            raise LabelsError(f"{file}: it must list 'categories', each with 'id' and 'name'") from None
        return _checked(file, _by_index(file, found))
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LabelsError(f"{file}: it is no UTF-8 text") from None


def _by_index(file: Path, names: object) -> list[Any]:
    if not isinstance(names, dict) or sorted(map(str, names)) != sorted(map(str, range(len(names)))):
        raise LabelsError(f"{file}: the names of the classes must be numbered from 0 without a gap")
    return [names[index] for index in sorted(names, key=int)]


def _checked(file: Path, names: list[Any]) -> tuple[str, ...]:
    if not names or not all(isinstance(name, str) and name for name in names):
        raise LabelsError(f"{file}: every class needs a name that is a text")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LabelsError(f"{file}: the name {twice[0]!r} stands there twice; a class has one")
    return tuple(names)
