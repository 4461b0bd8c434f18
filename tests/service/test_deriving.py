"""Copies without faces and plates are made beside the service; what cannot be read is never shared."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from cases.desk import Desk
from cases.evidence import Piece, add, fresh, piece
from cases.evidence_store import EvidenceProblem, EvidenceStore, open_evidence
from cases.store.writer import Writer
from models.detector import load_detector
from service import deriving
from service.deriving import Deriving
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
    return Deriving(office.engine, store, load_detector(toy_model))


def given(office: Office, store: EvidenceStore | None, folder: Path, data: bytes) -> Piece:
    """Evidence of case 1, a second after the last one; without a store its bytes are lost."""
    office.clock.pass_(seconds=1)
    hashed, now = hashlib.sha256(data).hexdigest(), office.clock.now
    new = fresh(office.arrive(1).id, None, "trigger", "image/jpeg", len(data), hashed, "w", now)
    if store is not None:
        (folder / "x").write_bytes(data)
        store.put(new.path or "", folder / "x")
    return office.do(lambda tx: add(tx, new))


def jpeg(shade: int = 118) -> bytes:
    picture = np.full((180, 320, 3), shade, np.uint8)
    picture[50:130, 100:130] = (255, 0, 255)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def test_each_picture_gets_its_copy_and_a_damaged_one_holds_up_nothing(
    office: Office, store: EvidenceStore, making: Deriving, tmp_path: Path
) -> None:
    kept = [given(office, store, tmp_path, data) for data in (b"\xff\xd8\xff damaged", jpeg(), jpeg(80))]
    assert (making.once(), making.once()) == (2, 0)
    found = [office.do(lambda tx, id=k.id: piece(tx, id)) for k in kept]
    assert [f.shared_path is not None for f in found] == [False, True, True]
    copy = b"".join(store.get(found[1].shared_path or ""))
    assert copy.startswith(b"\xff\xd8\xff")
    assert copy != jpeg()


def test_of_an_original_that_was_changed_no_copy_is_made(
    office: Office, store: EvidenceStore, making: Deriving, tmp_path: Path
) -> None:
    changed, other = given(office, store, tmp_path, jpeg()), given(office, store, tmp_path, jpeg(80))
    (tmp_path / "evidence" / (changed.path or "")).write_bytes(jpeg(10))
    with capture_logs() as logs:
        assert (making.once(), making.once()) == (1, 0)
    assert (logs[0]["event"], logs[0]["evidence"]) == ("evidence was changed", changed.id)
    found = [office.do(lambda tx, id=k.id: piece(tx, id)) for k in (changed, other)]
    assert [f.shared_path is not None for f in found] == [False, True]


def test_a_store_that_was_away_is_asked_again(
    office: Office, store: EvidenceStore, making: Deriving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deriving, "LATER_S", 0.0)
    given(office, store, tmp_path, jpeg())
    get = store.get

    def away(_: str) -> None:
        raise EvidenceProblem("the bucket does not answer")

    monkeypatch.setattr(store, "get", away)
    assert making.once() == 0
    monkeypatch.setattr(store, "get", get)
    assert making.once() == 1


def test_an_original_that_is_lost_holds_up_no_other(
    office: Office, store: EvidenceStore, making: Deriving, tmp_path: Path
) -> None:
    for n in range(5):
        given(office, store if n else None, tmp_path, jpeg(80 + n))
    assert (making.once(), making.once()) == (4, 0)
