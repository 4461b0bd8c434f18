"""Copies without faces and plates are made beside the service; what cannot be read is never shared."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from cases.arrivals import arrive
from cases.desk import Desk
from cases.evidence import add, fresh, piece
from cases.evidence_store import EvidenceProblem, open_evidence
from cases.store.writer import Writer
from models.detector import load_detector
from service import deriving
from service.deriving import Deriving
from tests.cases.office import POLICY, WORKER, Office
from tests.cases.stores import Clock, event, fresh_store


def test_each_picture_gets_its_copy_and_a_damaged_one_holds_up_nothing(tmp_path: Path, toy_model: Path) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    with fresh_store("sqlite", tmp_path) as engine:
        writer, clock = Writer(engine), Clock()
        office = Office(engine, writer, Desk(POLICY, clock), clock)
        case = office.do(lambda tx: arrive(tx, office.desk, event(1), WORKER)).case
        kept = []
        for n, data in enumerate((b"\xff\xd8\xff damaged", _jpeg(), _jpeg(80))):
            new = fresh(case.id, event(1).id, "trigger", "image/jpeg", len(data), f"{n:064x}", "w", clock.now)
            (tmp_path / "x").write_bytes(data)
            assert new.path is not None
            store.put(new.path, tmp_path / "x")
            kept.append(office.do(lambda tx, new=new: add(tx, new)))
        deriving = Deriving(engine, store, load_detector(toy_model))
        assert deriving.once() == 2
        assert deriving.once() == 0
        found = [office.do(lambda tx, id=k.id: piece(tx, id)) for k in kept]
        assert [f.shared_path is not None for f in found] == [False, True, True]
        copy = b"".join(store.get(found[1].shared_path or ""))
        assert copy.startswith(b"\xff\xd8\xff")
        assert copy != _jpeg()
        writer.close()


def _jpeg(shade: int = 118) -> bytes:
    picture = np.full((180, 320, 3), shade, np.uint8)
    picture[50:130, 100:130] = (255, 0, 255)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def test_a_store_that_was_away_is_asked_again(tmp_path: Path, toy_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deriving, "LATER_S", 0.0)
    store = open_evidence(str(tmp_path / "evidence"))
    with fresh_store("sqlite", tmp_path) as engine:
        writer, clock = Writer(engine), Clock()
        office = Office(engine, writer, Desk(POLICY, clock), clock)
        new = fresh(office.arrive(1).id, None, "trigger", "image/jpeg", 9, "a" * 64, "w", clock.now)
        (tmp_path / "x").write_bytes(_jpeg())
        store.put(new.path or "", tmp_path / "x")
        office.do(lambda tx: add(tx, new))
        making, get = Deriving(engine, store, load_detector(toy_model)), store.get

        def away(_: str) -> None:
            raise EvidenceProblem("the bucket does not answer")

        monkeypatch.setattr(store, "get", away)
        assert making.once() == 0
        monkeypatch.setattr(store, "get", get)
        assert making.once() == 1
        writer.close()


def test_an_original_that_is_lost_holds_up_no_other(tmp_path: Path, toy_model: Path) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    with fresh_store("sqlite", tmp_path) as engine:
        writer, clock = Writer(engine), Clock()
        office = Office(engine, writer, Desk(POLICY, clock), clock)
        case = office.arrive(1)
        for n in range(5):
            clock.pass_(seconds=1)
            new = fresh(case.id, None, "trigger", "image/jpeg", 9, f"{n:064x}", "w", clock.now)
            (tmp_path / "x").write_bytes(_jpeg())
            if n:
                store.put(new.path or "", tmp_path / "x")
            office.do(lambda tx, new=new: add(tx, new))
        making = Deriving(engine, store, load_detector(toy_model))
        assert (making.once(), making.once()) == (4, 0)
        writer.close()
