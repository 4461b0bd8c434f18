"""The classes of a picture set, and which of ours each one shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


class SourceClassesError(ValueError):
    """A file of source classes that cannot be used. The message names the file, the entry and what is allowed."""


IGNORE = "ignore"
"""Target of a class whose boxes neither teach nor count."""

LOOK_ALIKE = "look_alike"


@dataclass(frozen=True, slots=True)
class SourceClasses:
    """What the classes of a picture set, or of a model trained on one, are to us.

    name: the picture set. key_of: its classes in the order of their indices, each with our key or None.
    ignored: its classes whose boxes neither teach nor count.
    look_alike_of: its classes that look like one of our keys and are not.
    labelled: our keys whose every instance has a box in the set; of others the set says nothing.
    join: our keys whose boxes are pieces of one thing where they touch, see ``labels.datasets.heaps``.
    licence: as its publisher states it, None where none was stated: then it may only evaluate.
    """

    name: str
    key_of: dict[str, str | None]
    ignored: frozenset[str] = frozenset()
    look_alike_of: dict[str, str] = field(default_factory=dict)
    labelled: frozenset[str] = frozenset()
    join: tuple[str, ...] = ()
    licence: str | None = None
    origin: str = ""

    def keys_of(self, classes: Sequence[str]) -> tuple[str | None, ...]:
        """Our key of each class of a model, None where the class is unknown here or shows nothing of ours."""
        return tuple(self.key_of.get(name) for name in classes)


def load_source_classes(source: str) -> SourceClasses:
    """source: the name of a file shipped in ``labels/sources``, as ``coco``, or the path of one like it.

    Raises ``SourceClassesError``.
    """
    shipped = resources.files("labels") / "sources"
    file = Path(source) if source.endswith((".yaml", ".yml")) else shipped / f"{source}.yaml"
    if not file.is_file():
        names = ", ".join(sorted(f.name.removesuffix(".yaml") for f in shipped.iterdir() if f.name.endswith(".yaml")))
        raise SourceClassesError(
            f"source classes {source!r}: there is no such file; give a .yaml file or one of: {names}"
        )
    try:
        record = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise SourceClassesError(f"{source}: not YAML: {' '.join(str(error).split())}") from None
    return _parse(source, record)


ENTRIES = frozenset({"name", "classes", "labelled", "join", "licence", "origin"})


def _parse(source: str, record: object) -> SourceClasses:
    if not isinstance(record, dict) or not {"name", "classes"} <= set(record) <= ENTRIES:
        raise SourceClassesError(
            f"{source}: it must have exactly the entries 'name' and 'classes', and may have labelled, join, licence,"
            " origin"
        )
    name, classes = record["name"], record["classes"]
    if not isinstance(name, str) or not name:
        raise SourceClassesError(f"{source}: name: {name!r} must be a text")
    if not isinstance(classes, dict) or not classes:
        raise SourceClassesError(
            f"{source}: classes: it must name the classes of the set, each with one of our keys or null"
        )
    key_of: dict[str, str | None] = {}
    look_alike_of: dict[str, str] = {}
    for cls, target in classes.items():
        if not isinstance(cls, str):
            raise SourceClassesError(f"{source}: classes: {cls!r} must be a text; put it in quotes")
        if isinstance(target, dict) and set(target) == {LOOK_ALIKE} and isinstance(target[LOOK_ALIKE], str):
            look_alike_of[cls] = target[LOOK_ALIKE]
        elif target is not None and not isinstance(target, str):
            raise SourceClassesError(
                f"{source}: classes: {cls}: {target!r} must be one of our keys or null, {IGNORE},"
                f" or {{{LOOK_ALIKE}: KEY}}"
            )
        key_of[cls] = target if isinstance(target, str) and target != IGNORE else None
    keys = {key for key in key_of.values() if key}
    labelled = record.get("labelled", sorted(keys))
    if not isinstance(labelled, list) or not all(isinstance(key, str) for key in labelled):
        raise SourceClassesError(f"{source}: labelled: {labelled!r} must be a list of our keys")
    join = record.get("join", [])
    if not isinstance(join, list) or not set(join) <= keys:
        raise SourceClassesError(
            f"{source}: join: {join!r} must be a list of keys that its classes show:"
            f" {', '.join(sorted(keys)) or 'none'}"
        )
    licence, origin = record.get("licence"), record.get("origin", "")
    for entry, value in (("licence", licence or ""), ("origin", origin)):
        if not isinstance(value, str):
            raise SourceClassesError(f"{source}: {entry}: {value!r} must be a text")
    ignored = frozenset(cls for cls, target in classes.items() if target == IGNORE)
    return SourceClasses(name, key_of, ignored, look_alike_of, frozenset(labelled), tuple(join), licence, origin)
