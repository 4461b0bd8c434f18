"""A picture set as training and evaluation take it: read, in our keys, without what is left out."""

from dataclasses import replace
from pathlib import Path

from labels.datasets.exclusions import exclusions
from labels.datasets.heaps import join_touching
from labels.datasets.likeness import straddling
from labels.datasets.mapping import to_ours
from labels.datasets.read import read_set
from labels.datasets.records import LabelsError, PictureSet
from labels.datasets.yolo import PICTURES
from labels.source_classes import load_source_classes

TRAIN, TEST = "train", "test"


def load_set(source: str, directory: Path) -> PictureSet:
    """The pictures of one part of a set, in our keys; ``notes`` says what was left out and why.

    source: the name of a shipped file of source classes, or a .yaml file. directory: the part, as ``NAME/train``.
    Pieces that the source joins are one thing where they touch. What its list excludes is left out, and of a part
    ``train`` beside a part ``test`` also every picture that is a near-duplicate of one tested on. Raises
    ``LabelsError`` and ``SourceClassesError``.
    """
    classes = load_source_classes(source)
    pictures = to_ours(read_set(directory, tuple(classes.key_of), source), classes)
    if not pictures.pictures:
        raise LabelsError(
            f"{directory}: none of its pictures is labelled: none has a label file of the same name in labels/"
        )
    for key in classes.join:
        pictures = pictures.with_pictures(tuple(join_touching(picture, key) for picture in pictures.pictures))
    part, excluded = directory.resolve().name, exclusions(source)
    left = pictures.with_pictures(tuple(p for p in pictures.pictures if f"{part}/{p.path.stem}" not in excluded))
    notes = []
    if listed := len(pictures.pictures) - len(left.pictures):
        notes.append(f"{listed} by the list of {source}")
    test = directory.resolve().parent / TEST
    if part == TRAIN and test.is_dir():
        left, twins = unlike_test(left, test)
        if twins:
            notes.append(f"{twins} near-duplicates of test pictures")
    return replace(left, notes=f"left out: {', '.join(notes)}" if notes else "")


def unlike_test(pictures: PictureSet, test: Path) -> tuple[PictureSet, int]:
    """The set without its near-duplicates of the pictures under ``test``, for they would flatter every figure; and how
    many those are. Raises ``LabelsError``."""
    theirs = sorted(path for path in test.rglob("*") if path.suffix.lower() in PICTURES)
    twins = {ours for ours, _, _ in straddling([p.path for p in pictures.pictures], theirs)}
    return pictures.with_pictures(tuple(p for p in pictures.pictures if p.path not in twins)), len(twins)
