"""Picture sets in one archive, small enough to carry to the machine that trains."""

import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from labels.datasets.records import LabelsError
from labels.datasets.yolo import PICTURES

QUALITIES = (85, 75, 65, 55, 45, 35)
"""Of JPEG and WebP, tried from the best down."""
SAMPLED = 15
"""Every so manieth picture tells what a quality costs."""


@dataclass(frozen=True, slots=True)
class Packed:
    """quality: the one that fitted."""

    pictures: int
    size: int
    quality: int


def pack(data: Path, names: Sequence[str], out: Path, longest_px: int = 640, most: int = 40_000_000) -> Packed:
    """Writes the sets ``data/NAME`` into a tar file of at most ``most`` bytes, whole or not at all.

    Pictures keep name and form and get a longer side of at most ``longest_px``; everything else goes in as it is. The
    same files give the same archive. Raises ``LabelsError``: a set is missing, or they do not fit.
    """
    files: list[Path] = []
    for name in names:
        if not (data / name).is_dir():
            raise LabelsError(f"{data / name}: there is no such set")
        files += sorted(path for path in (data / name).rglob("*") if path.is_file())
    pictures = [path for path in files if path.suffix.lower() in PICTURES]
    rest = sum(_in_tar(path.stat().st_size) for path in files if path.suffix.lower() not in PICTURES)
    for quality in QUALITIES:
        sampled = [_in_tar(len(smaller(path, longest_px, quality))) for path in pictures[::SAMPLED]]
        expected = rest + sum(sampled) * len(pictures) / max(1, len(sampled))
        if expected > most:
            continue
        size = _write(out, data, files, longest_px, quality, most)
        if size is not None:
            return Packed(len(pictures), size, quality)
    raise LabelsError(
        f"{out}: {len(pictures)} pictures of at most {longest_px} pixels take more than {most / 1e6:g} MB"
        f" even at quality {QUALITIES[-1]}: allow more, fewer sets, or a shorter longest side"
    )


def smaller(path: Path, longest_px: int, quality: int) -> bytes:
    """The picture's file with a longer side of at most ``longest_px``, or as it is where that is no smaller. Raises
    ``LabelsError``."""
    own = path.read_bytes()
    picture: Any = cv2.imread(str(path))
    if picture is None:
        raise LabelsError(f"{path}: it cannot be read as a picture")
    scale = longest_px / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    form = path.suffix.lower()
    options = {".webp": [cv2.IMWRITE_WEBP_QUALITY, quality]}.get(form, [cv2.IMWRITE_JPEG_QUALITY, quality])
    done, data = cv2.imencode(form, picture, options)
    if not done:
        raise LabelsError(f"{path}: it cannot be written as {form}")
    return own if scale >= 1 and len(own) <= len(data) else data.tobytes()


def _write(out: Path, data: Path, files: Sequence[Path], longest_px: int, quality: int, most: int) -> int | None:
    partial = out.with_name(f"{out.name}.partial")
    try:
        with tarfile.open(partial, "w") as archive:
            for name, content in _contents(data, files, longest_px, quality):
                entry = tarfile.TarInfo(name)  # no owner and no time: the same files, the same archive
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        size = partial.stat().st_size
        if size > most:
            return None
        partial.replace(out)
        return size
    finally:
        partial.unlink(missing_ok=True)


def _contents(data: Path, files: Sequence[Path], longest_px: int, quality: int) -> Iterator[tuple[str, bytes]]:
    for path in files:
        is_picture = path.suffix.lower() in PICTURES
        yield (
            path.relative_to(data).as_posix(),
            smaller(path, longest_px, quality) if is_picture else path.read_bytes(),
        )


def _in_tar(size: int) -> int:
    """A header of 512 bytes, and the content in blocks of as many."""
    return 512 + -(-size // 512) * 512
