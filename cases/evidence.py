"""The evidence of cases: what was given, what it hashes to, and who has looked at it and why."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from cases.desk import NoCase, new_id
from cases.store.tables import cases, evidence, looks

KINDS = ("onset", "trigger", "clip", "cleared", "manifest", "still", "after", "attachment")
"""What a piece shows; ``still`` that it is still there, ``after`` that a handler has done it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A row. path: of the sealed original, and sha256 of its bytes; shared_path and copy_sha256: of the copy without
    faces and plates, None until it is made; copy_problem: why none can be.
    """

    id: str
    case_id: str
    violation_id: str | None
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    path: str | None
    shared_path: str | None
    added_at: datetime
    added_by: str
    copy_wanted: bool
    tombstone: dict[str, object] | None
    copy_tries: int = 0
    copy_problem: str | None = None
    copy_sha256: str | None = None
    copy_next_at: datetime | None = None

    @property
    def original(self) -> "Kept | None":
        """None where its time had come."""
        return None if self.path is None else Kept(self.path, self.media_type, self.sha256)

    @property
    def leaves(self) -> "Kept | None":
        """What may leave of it: the copy without faces and plates, and what has neither. None until there is one."""
        if self.media_type == "application/json":
            return self.original
        if self.shared_path is None:
            return None
        return Kept(self.shared_path, COPIES[self.media_type.partition("/")[0]][1], self.copy_sha256)


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes in the evidence store. sha256: None for copies that an earlier program made."""

    path: str
    media_type: str
    sha256: str | None


class NoEvidence(KeyError):
    """There is none of this id."""


def piece(tx: Connection, id: str) -> Piece:
    """Raises ``NoEvidence``."""
    row = tx.execute(select(evidence).where(evidence.c.id == id)).one_or_none()
    if row is None:
        raise NoEvidence(id)
    return Piece(**row._mapping)


def known(tx: Connection, case_id: str, violation_id: str | None, kind: str, sha256: str) -> Piece | None:
    """The same piece, given before."""
    e = evidence.c
    same = (e.case_id == case_id, e.kind == kind, e.sha256 == sha256, e.path.is_not(None), e.tombstone.is_(None))
    owner = e.violation_id.is_(None) if violation_id is None else e.violation_id == violation_id
    row = tx.execute(select(evidence).where(*same, owner).limit(1)).one_or_none()
    return None if row is None else Piece(**row._mapping)


def add(tx: Connection, new: Piece) -> Piece:
    """Keep it, once, with the case that goes on where its own was merged. Raises ``NoCase``. Its bytes are in the store
    already.
    """
    new = replace(new, case_id=going_on(tx, new.case_id))
    before = known(tx, new.case_id, new.violation_id, new.kind, new.sha256)
    if before is not None:
        return before
    tx.execute(insert(evidence), {name: getattr(new, name) for name in Piece.__slots__})
    return new


def going_on(tx: Connection, case_id: str) -> str:
    """The case that goes on where this one was merged; itself where it was not. Raises ``NoCase``."""
    while True:
        row = tx.execute(select(cases.c.merged_into).where(cases.c.id == case_id)).one_or_none()
        if row is None:
            raise NoCase(case_id)
        if row.merged_into is None:
            return case_id
        case_id = row.merged_into


def looked(tx: Connection, seen: Piece, who: str, why: str, original: bool, now: datetime) -> None:
    """Somebody looks at it: written down before it is shown."""
    row = {"at": now, "who": who, "case_id": seen.case_id, "evidence_id": seen.id, "why": why, "original": original}
    tx.execute(insert(looks), row)


def fresh(
    case_id: str, violation_id: str | None, kind: str, media_type: str, size: int, sha256: str, who: str, now: datetime
) -> Piece:
    """A piece that is about to be kept; its path is made of ids, nothing of it of what people name."""
    id, ending = new_id(), EXTENSIONS[media_type]
    name, path = kind + ending, f"{case_id}/{id}{ending}"
    seen = media_type.startswith(("image/", "video/"))
    return Piece(id, case_id, violation_id, kind, name, media_type, size, sha256, path, None, now, who, seen, None)


COPIES = {"image": (".jpg", "image/jpeg"), "video": (".mp4", "video/mp4")}
"""What copies without faces and plates are, by what the original is."""
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "video/mp4": ".mp4",
    "video/x-matroska": ".mkv",
    "video/x-msvideo": ".avi",
    "application/json": ".json",
}
"""What evidence may be."""
_PICTURES = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis", b"crx ")
"""Brands of pictures in the same box format (HEIF, AVIF, Canon's raw), of which no copy can be made here."""


def what_it_is(begin: bytes) -> str | None:
    """The media type that a file's first bytes say, whatever its name is; None for what evidence may not be."""
    if begin.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if begin.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if begin[4:8] == b"ftyp" and begin[8:12] not in _PICTURES:
        return "video/mp4"
    if begin.startswith(b"\x1aE\xdf\xa3"):
        return "video/x-matroska"
    if begin.startswith(b"RIFF") and begin[8:12] == b"AVI ":
        return "video/x-msvideo"
    if begin.lstrip()[:1] == b"{":
        return "application/json"
    return None
