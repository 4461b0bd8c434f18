"""The classes of a picture set, and which of ours each one shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


class SourceClassesError(ValueError):
    """A file of source classes that cannot be used. The message names the file, the entry and what is allowed."""


@dataclass(frozen=True, slots=True)
class SourceClasses:
    """name: the picture set. key_of: its classes in the order of their indices, each with our key or None."""

    name: str
    key_of: dict[str, str | None]

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


def _parse(source: str, record: object) -> SourceClasses:
    if not isinstance(record, dict) or set(record) != {"name", "classes"}:
        raise SourceClassesError(f"{source}: it must have exactly the entries 'name' and 'classes'")
    name, classes = record["name"], record["classes"]
    if not isinstance(name, str) or not name:
        raise SourceClassesError(f"{source}: name: {name!r} must be a text")
    if not isinstance(classes, dict) or not classes:
        raise SourceClassesError(
            f"{source}: classes: it must name the classes of the set, each with one of our keys or null"
        )
    for cls, key in classes.items():
        if not isinstance(cls, str):
            raise SourceClassesError(f"{source}: classes: {cls!r} must be a text; put it in quotes")
        if key is not None and not isinstance(key, str):
            raise SourceClassesError(f"{source}: classes: {cls}: {key!r} must be one of our keys or null")
    return SourceClasses(name, dict(classes))
