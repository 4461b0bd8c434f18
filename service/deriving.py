"""Copies of evidence without faces and plates, made in a process of their own: the interface never loads a picture."""

import hashlib
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, Engine, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from cases.evidence import COPIES, Piece
from cases.evidence_store import EvidenceStore
from cases.store.tables import evidence
from models.detector import Detector
from service.picture_detector import PictureDetector
from streams.crops import Tiles
from vision.privacy import Hide, share_picture
from vision.private_clips import share_clip

AT_ONCE = 20
MOST_TRIES, KEPT_CHARS = 3, 500
IDLE_S, AWAY_S, AWAY_IN_A_ROW = 1.0, 5.0, 3
LATER = timedelta(minutes=1)
LEASE = timedelta(minutes=10)
"""Whoever makes a copy has the piece for so long: several services would make it at the same time, and a piece that
brings its process down is tried again after it.
"""
LOOKED_CLOSELY = Tiles(2, 2, 0.15)
"""Pictures are looked at in parts as well: a face of a dozen pixels counts."""

_log = structlog.get_logger("privacy")


class Damaged(Exception):
    """A picture or clip of which no copy can be made, ever."""


class Deriving:
    """``once`` makes what is missing; ``run`` does so until ``stop``. What cannot be read is never shared."""

    def __init__(
        self,
        engine: Engine,
        store: EvidenceStore,
        detector: Detector,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._engine = engine
        self._store = store
        self._clock = clock
        self._hide = Hide.of(detector.card.keys)
        closely, whole = PictureDetector(detector, LOOKED_CLOSELY), PictureDetector(detector)
        self._make: dict[str, Callable[[Path, Path], None]] = {
            "image": lambda source, target: share_picture(source, target, closely, self._hide),
            "video": lambda source, target: share_clip(source, target, whole, self._hide),
        }
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                idle_s = 0.0 if self.once() else IDLE_S
            except SQLAlchemyError as error:
                _log.error("the database is away, copies wait", why=str(error).partition("\n")[0])
                idle_s = AWAY_S
            self._stopping.wait(idle_s)

    def once(self) -> int:
        """How many copies were made."""
        made, away = 0, 0
        for piece in self._missing():
            if self._stopping.is_set():
                break
            try:
                made += self._claim(piece) and self._share(piece)
            except Damaged as damaged:  # it holds up no other
                self._given_up(piece, str(damaged))
            except Exception as error:  # database, store or disk are away, or this one is not there: later again
                _log.error("a copy waits", evidence=piece.id, why=str(error))
                self._set(piece, copy_tries=0, copy_next_at=self._clock() + LATER)
                away += 1
                if away >= AWAY_IN_A_ROW:
                    self._stopping.wait(AWAY_S)
                    break
            else:
                away = 0
        return made

    def _missing(self) -> list[Piece]:
        e = evidence.c
        due = or_(e.copy_next_at.is_(None), e.copy_next_at <= self._clock())
        query = select(evidence).where(e.copy_wanted.is_(True), e.path.is_not(None), due)
        with self._engine.connect() as tx:
            return [Piece(**row._mapping) for row in tx.execute(query.order_by(e.added_at).limit(AT_ONCE))]

    def _claim(self, piece: Piece) -> bool:
        """Before it is read: a picture that takes all memory ends this process without a word. False where another has
        it. Raises ``Damaged``.
        """
        if piece.copy_tries >= MOST_TRIES:
            raise Damaged(f"the process that makes copies came down with it {piece.copy_tries} times")
        mine = evidence.c.copy_tries == piece.copy_tries
        return self._set(piece, mine, copy_tries=piece.copy_tries + 1, copy_next_at=self._clock() + LEASE)

    def _set(self, piece: Piece, *only: ColumnElement[bool], **values: object) -> bool:
        """Whether a copy of it is still wanted."""
        e = evidence.c
        wanted = (e.id == piece.id, e.path.is_not(None), e.copy_wanted.is_(True))
        with self._engine.begin() as tx:
            return tx.execute(update(evidence).where(*wanted, *only).values(**values)).rowcount > 0

    def _given_up(self, piece: Piece, why: str) -> None:
        _log.error("no copy can be made", evidence=piece.id, case=piece.case_id, why=why)
        self._set(piece, copy_wanted=False, copy_problem=why[:KEPT_CHARS])

    def _share(self, piece: Piece) -> bool:
        """Whether it is still wanted. Raises ``Damaged``."""
        assert piece.path is not None
        kind = piece.media_type.partition("/")[0]
        ending, _ = COPIES[kind]
        with tempfile.TemporaryDirectory(prefix="streetorder-share-") as folder:
            source, target = Path(folder) / f"original{Path(piece.path).suffix}", Path(folder) / f"shared{ending}"
            hashed = hashlib.sha256()
            with source.open("wb") as out:
                for data in self._store.get(piece.path):
                    hashed.update(data)
                    out.write(data)
            if hashed.hexdigest() != piece.sha256:
                _log.error("evidence was changed", evidence=piece.id, case=piece.case_id, path=piece.path)
                raise Damaged("its bytes are not those that were sealed")
            try:
                self._make[kind](source, target)
            except Exception as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # the disk, not the picture
                raise Damaged(str(error).replace(folder, "")) from error
            with target.open("rb") as made:
                sha256 = hashlib.file_digest(made, "sha256").hexdigest()
                # Named by its bytes, which differ from machine to machine: nobody writes over what a row names.
                path = f"{piece.case_id}/{piece.id}-shared-{sha256[:16]}{ending}"
                made.seek(0)
                self._store.put(path, made)
        kept = self._set(piece, copy_wanted=False, copy_tries=0, shared_path=path, copy_sha256=sha256)
        if not kept and self._copy_of(piece) != path:  # its time had come meanwhile, or another's copy is kept
            self._store.delete(path)
        return kept

    def _copy_of(self, piece: Piece) -> str | None:
        with self._engine.connect() as tx:
            return tx.execute(select(evidence.c.shared_path).where(evidence.c.id == piece.id)).scalar()
