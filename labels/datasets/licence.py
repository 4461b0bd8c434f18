"""Nothing learns from pictures whose publisher did not say that it may."""

from collections.abc import Iterable

from labels.datasets.records import LabelsError, PictureSet


def refuse_unlicensed(sets: Iterable[PictureSet]) -> None:
    """Raises ``LabelsError`` naming every set without a licence, and what can be done about it."""
    if unlicensed := [pictures.name for pictures in sets if not (pictures.licence or "").strip()]:
        one = len(unlicensed) == 1
        raise LabelsError(
            f"{', '.join(unlicensed)}: no licence is stated for {'it' if one else 'them'}: such pictures may evaluate a"
            " model and never train one. Leave the set out, or find out its licence and state it in the entry 'licence'"
            " of its file of source classes"
        )
