"""Pictures of a source that are left out, each with the reason: a list beside the file of its classes.

A line is ``train/003157  the reason``: the part of the set, the picture without its ending, and why.
"""

from importlib import resources
from pathlib import Path

from labels.datasets.records import LabelsError

ENDING = ".exclude.txt"


def exclusions(source: str) -> dict[str, str]:
    """By ``part/picture``, the reason; empty where the source has no list.

    source: as for ``load_source_classes``, the name of a shipped one or a .yaml file. Raises ``LabelsError``.
    """
    if source.endswith((".yaml", ".yml")):
        file = Path(source).with_suffix(ENDING)
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
    else:
        shipped = resources.files("labels") / "sources" / f"{source}{ENDING}"
        text = shipped.read_text(encoding="utf-8") if shipped.is_file() else ""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.strip().partition(" ")
        if name.count("/") != 1 or not reason.strip():
            raise LabelsError(f"{source}{ENDING}:{number}: {line!r}: it must be PART/PICTURE and the reason")
        if name in found:
            raise LabelsError(f"{source}{ENDING}:{number}: {name} stands there twice")
        found[name] = reason.strip()
    return found
