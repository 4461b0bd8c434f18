"""Copies without faces and plates are made beside the service; what cannot be read is never shared."""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from cases.desk import Desk
from cases.evidence import Piece, add, fresh, piece
from cases.evidence_store import EvidenceProblem, EvidenceStore, open_evidence
from cases.store.tables import evidence
from cases.store.writer import Writer
from models.detector import load_detector
from service.deriving import LATER, LEASE, Deriving
from tests.cases.office import POLICY, Office
from tests.cases.stores import Clock, fresh_store


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with fresh_store("sqlite", tmp_path) as engine:
        writer, clock = Writer(engine), Clock()
        yield Office(engine, writer, Desk(POLICY, clock), clock)
        writer.close()


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return open_evidence(str(tmp_path / "evidence"))


@pytest.fixture
def making(office: Office, store: EvidenceStore, toy_model: Path) -> Deriving:
    return Deriving(office.engine, store, load_detector(toy_model), office.clock)


def given(office: Office, store: EvidenceStore | None, data: bytes) -> Piece:
    """Evidence of case 1, a second after the last one; without a store its bytes are lost."""
    office.clock.pass_(seconds=1)
    hashed, now = hashlib.sha256(data).hexdigest(), office.clock.now
    new = fresh(office.arrive(1).id, None, "trigger", "image/jpeg", len(data), hashed, "w", now)
    if store is not None:
        store.put(new.path or "", io.BytesIO(data))
    return office.do(lambda tx: add(tx, new))


def jpeg(shade: int = 118) -> bytes:
    picture = np.full((180, 320, 3), shade, np.uint8)
    picture[50:130, 100:130] = (255, 0, 255)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def test_each_picture_gets_its_copy_and_a_damaged_one_holds_up_nothing(
    office: Office, store: EvidenceStore, making: Deriving
) -> None:
    kept = [given(office, store, data) for data in (b"\xff\xd8\xff damaged", jpeg(), jpeg(80))]
    assert (making.once(), making.once()) == (2, 0)
    found = [office.do(lambda tx, id=k.id: piece(tx, id)) for k in kept]
    assert [f.shared_path is not None for f in found] == [False, True, True]
    assert [(f.copy_problem is not None, f.copy_wanted, f.copy_tries) for f in found] == [
        (True, False, 1), (False, False, 0), (False, False, 0),
    ]  # fmt: skip
    copy = b"".join(store.get(found[1].shared_path or ""))
    assert copy.startswith(b"\xff\xd8\xff")
    assert found[1].copy_sha256 == hashlib.sha256(copy).hexdigest()
    assert copy != jpeg()


def test_of_an_original_that_was_changed_no_copy_is_made(
    office: Office, store: EvidenceStore, making: Deriving, tmp_path: Path
) -> None:
    changed, other = given(office, store, jpeg()), given(office, store, jpeg(80))
    (tmp_path / "evidence" / (changed.path or "")).write_bytes(jpeg(10))
    with capture_logs() as logs:
        assert (making.once(), making.once()) == (1, 0)
    assert (logs[0]["event"], logs[0]["evidence"]) == ("evidence was changed", changed.id)
    found = [office.do(lambda tx, id=k.id: piece(tx, id)) for k in (changed, other)]
    assert [f.shared_path is not None for f in found] == [False, True]


def test_a_store_that_was_away_is_asked_again(
    office: Office, store: EvidenceStore, making: Deriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(office, store, jpeg())
    get = store.get

    def away(_: str) -> None:
        raise EvidenceProblem("the bucket does not answer")

    monkeypatch.setattr(store, "get", away)
    assert making.once() == 0
    monkeypatch.setattr(store, "get", get)
    assert making.once() == 0
    office.clock.now += LATER
    assert making.once() == 1


def test_an_original_that_is_lost_holds_up_no_other(office: Office, store: EvidenceStore, making: Deriving) -> None:
    for n in range(5):
        given(office, store if n else None, jpeg(80 + n))
    assert (making.once(), making.once()) == (4, 0)


def copies_in(store: EvidenceStore) -> set[str]:
    return {path for path in store.older(datetime.now(UTC) + timedelta(days=1)) if "-shared" in path}


def test_of_what_was_deleted_while_its_copy_was_made_nothing_stays(
    office: Office, store: EvidenceStore, making: Deriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, real = given(office, store, jpeg()), making._make["image"]

    def meanwhile(source: Path, target: Path) -> None:
        stone = update(evidence).where(evidence.c.id == kept.id).values(tombstone={"why": "x"}, copy_wanted=False)
        office.do(lambda tx: tx.execute(stone).rowcount)
        real(source, target)

    monkeypatch.setitem(making._make, "image", meanwhile)
    assert (making.once(), copies_in(store)) == (0, set())


@pytest.mark.parametrize("slow", [False, True])
def test_of_two_services_one_makes_a_copy_and_its_hash_is_that_of_its_bytes(
    office: Office, store: EvidenceStore, making: Deriving, toy_model: Path, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    """slow: the one takes longer than it has the piece, and the other makes another copy meanwhile."""
    kept, others = given(office, store, jpeg()), list[int]()
    other = Deriving(office.engine, store, load_detector(toy_model), office.clock)
    monkeypatch.setitem(other._make, "image", lambda _, target: target.write_bytes(jpeg(10)))
    real = making._make["image"]

    def meanwhile(source: Path, target: Path) -> None:
        office.clock.now += LEASE if slow else LEASE / 2
        others.append(other.once())
        real(source, target)

    monkeypatch.setitem(making._make, "image", meanwhile)
    assert (making.once(), others) == ((0, [1]) if slow else (1, [0]))
    found = office.do(lambda tx: piece(tx, kept.id))
    copy = b"".join(store.get(found.shared_path or ""))
    assert (copy == jpeg(10)) is slow
    assert copies_in(store) == {found.shared_path}
    assert hashlib.sha256(copy).hexdigest() == found.copy_sha256


def test_what_brings_the_process_down_is_not_tried_for_ever(
    office: Office, store: EvidenceStore, making: Deriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb, other = given(office, store, jpeg()), given(office, store, jpeg(80))

    real, made = making._make["image"], list[int]()

    def killed(source: Path, target: Path) -> None:
        if source.read_bytes() == jpeg():
            raise KeyboardInterrupt  # as little is left to be done as by a process that is killed
        real(source, target)

    monkeypatch.setitem(making._make, "image", killed)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            making.once()
        made.append(making.once())  # the next process leaves it alone for a while
        office.clock.now += LEASE
    assert (made, making.once()) == ([1, 0, 0], 0)
    found = [office.do(lambda tx, id=k.id: piece(tx, id)) for k in (bomb, other)]
    assert [f.shared_path is not None for f in found] == [False, True]
    assert "came down with it 3 times" in (found[0].copy_problem or "")


@pytest.mark.parametrize(("side", "why"), [(12_000, "12000x12000 pixels; at most 100 million"), (32_000, "how large")])
def test_a_picture_of_a_billion_pixels_is_not_read(
    office: Office, store: EvidenceStore, making: Deriving, side: int, why: str
) -> None:
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    id = given(office, store, bomb).id
    assert making.once() == 0
    assert why in (office.do(lambda tx: piece(tx, id)).copy_problem or "")
