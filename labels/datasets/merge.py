"""Several sets as one, each scene once."""

from collections.abc import Sequence

from labels.datasets.likeness import NEAR, hashes, near
from labels.datasets.records import LabelsError, Picture, PictureSet


def merge(sets: Sequence[PictureSet], name: str, bits: int = NEAR) -> tuple[PictureSet, int]:
    """One set of all their pictures, and how many near-duplicates were dropped.

    Of pictures that show the same, the one with more boxes stays, of equals the first. The sets must speak of classes
    in the same way, so they are mapped before (``labels.datasets.mapping``); the result has a licence only if each has
    one. Raises ``LabelsError`` for two sets of one name, and for two different pictures of one name.
    """
    names = [pictures.name for pictures in sets]
    if twice := sorted({one for one in names if names.count(one) > 1}):
        raise LabelsError(f"{twice[0]}: two of the sets to merge have this name; give one of them another")
    kept = without_duplicates([picture for pictures in sets for picture in pictures.pictures], bits)
    by_name: dict[str, Picture] = {}
    for picture in kept:
        if (other := by_name.setdefault(picture.path.stem, picture)) is not picture:
            raise LabelsError(f"{picture.path} and {other.path}: two pictures of one name; rename one of them")
    classes = dict.fromkeys(cls for pictures in sets for cls in pictures.classes)
    licences = [pictures.licence for pictures in sets]
    licence = "; ".join(dict.fromkeys(one for one in licences if one)) if all(licences) else None
    total = sum(len(pictures.pictures) for pictures in sets)
    return PictureSet(name, tuple(classes), tuple(kept), licence or None), total - len(kept)


def without_duplicates(pictures: Sequence[Picture], bits: int = NEAR) -> list[Picture]:
    """In their order; a picture is dropped if one that stays is near it. Raises ``LabelsError``."""
    both = hashes(picture.path for picture in pictures)
    neighbours: dict[int, set[int]] = {}
    for i, j, _ in near(both, both, bits):
        neighbours.setdefault(i, set()).add(j)
    stay: set[int] = set()
    for i in sorted(range(len(pictures)), key=lambda i: -len(pictures[i].boxes)):
        if not neighbours[i] & stay:
            stay.add(i)
    return [pictures[i] for i in sorted(stay)]
