"""Evidence goes when its time has come, and what is left says so."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from cases.evidence import Piece, add, fresh, piece
from cases.evidence_store import EvidenceProblem, EvidenceStore, open_evidence
from cases.life import Action
from cases.retention import delete_old
from cases.store.tables import cases as table
from cases.tombstone import NoTombstone, is_genuine
from tests.cases.office import LI, Office
from vision.keys import SigningKey, load_or_make

KEEP = timedelta(days=60)


@pytest.fixture
def signing(tmp_path: Path) -> SigningKey:
    return load_or_make(tmp_path / "key" / "signing.key")[0]


def given(office: Office, store: EvidenceStore, case_id: str) -> Piece:
    new = fresh(case_id, None, "trigger", "image/jpeg", 3, "a" * 64, "w", office.clock.now)
    store.put(new.path or "", io.BytesIO(b"abc"))
    return office.do(lambda tx: add(tx, new))


def test_what_is_over_and_old_goes_and_leaves_a_signed_tombstone(
    office: Office, tmp_path: Path, signing: SigningKey
) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    over, open_, held = (office.arrive(n, place=(24.0 + n, 118.0, 5.0)) for n in (1, 2, 3))
    pieces = [given(office, store, case.id) for case in (over, open_, held)]
    for case in (over, held):
        office.act(case, Action.REJECT, LI, "a permit")
    office.do(lambda tx: tx.execute(table.update().where(table.c.id == held.id).values(hold=True)).rowcount)

    def delete():
        return delete_old(office.engine, office.writer, store, KEEP, office.clock.now, signing)

    assert delete().count == 0
    office.clock.pass_(days=61)
    assert delete().count == 1
    assert delete().count == 0
    gone, there, kept = (office.do(lambda tx, id=p.id: piece(tx, id)) for p in pieces)
    assert gone.path is None
    assert there.path is not None
    assert kept.path is not None
    with pytest.raises(EvidenceProblem):
        store.get(pieces[0].path or "")
    stone = gone.tombstone or {}
    assert (stone["evidence"], stone["sha256"], stone["why"]) == (gone.id, "a" * 64, "retention")
    assert is_genuine(stone, signing.public)
    assert not is_genuine({**stone, "sha256": "b" * 64}, signing.public)
    with pytest.raises(NoTombstone, match="signed with the key"):
        is_genuine({**stone, "key": "0" * 16}, signing.public)
    with pytest.raises(ValueError, match="at least 30 days"):
        delete_old(office.engine, office.writer, store, timedelta(days=7), office.clock.now, signing)


def test_what_goes_on_as_another_case_takes_its_evidence_along(
    office: Office, tmp_path: Path, signing: SigningKey
) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    first, second = office.arrive(1), office.arrive(2, place=(24.48, 118.09, 80.0), camera="tower")
    piece_ = given(office, store, second.id)
    office.act(second, Action.MERGE, LI, "the same bin", into=first.id)
    assert [e["id"] for e in office.whole(first).evidence] == [piece_.id]
    office.clock.pass_(days=61)
    keep = timedelta(days=60)
    assert delete_old(office.engine, office.writer, store, keep, office.clock.now, signing).count == 0


def test_one_piece_that_cannot_be_deleted_holds_up_no_other(
    office: Office, tmp_path: Path, signing: SigningKey
) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    case = office.arrive(1)
    stuck, other = given(office, store, case.id), None
    office.clock.pass_(minutes=1)
    new = fresh(case.id, None, "onset", "image/jpeg", 5, "b" * 64, "w", office.clock.now)
    store.put(new.path or "", io.BytesIO(b"other"))
    other = office.do(lambda tx: add(tx, new))
    office.act(case, Action.REJECT, LI, "a permit")
    office.clock.pass_(days=61)
    delete = store.delete

    def picky(path: str) -> None:
        if path == stuck.path:
            raise EvidenceProblem("the disk is read only")
        delete(path)

    store.delete = picky  # type: ignore[method-assign]
    done = delete_old(office.engine, office.writer, store, KEEP, office.clock.now, signing)
    assert (done.count, "read only" in done.problem) == (1, True)
    # It is decided: nobody sees it any more, and the next run deletes its file, whatever became of the case.
    assert office.do(lambda tx: piece(tx, stuck.id)).tombstone is not None
    office.act(case, Action.REOPEN, LI, "no permit")
    store.delete = delete  # type: ignore[method-assign]
    assert delete_old(office.engine, office.writer, store, KEEP, office.clock.now, signing).count == 1
    assert office.do(lambda tx: piece(tx, other.id)).path is None


def test_what_was_open_for_years_is_kept_from_its_end_on(office: Office, tmp_path: Path, signing: SigningKey) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    case = office.arrive(1)
    given(office, store, case.id)
    office.clock.pass_(days=200)
    office.act(case, Action.REJECT, LI, "a permit")
    for days, count in ((1, 0), (58, 0), (2, 1)):
        office.clock.pass_(days=days)
        assert delete_old(office.engine, office.writer, store, KEEP, office.clock.now, signing).count == count


def test_two_services_that_delete_at_once_leave_one_tombstone(
    office: Office, tmp_path: Path, signing: SigningKey
) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    case = office.arrive(1)
    id = given(office, store, case.id).id
    office.act(case, Action.REJECT, LI, "a permit")
    office.clock.pass_(days=61)
    delete, stones = store.delete, []

    def meanwhile(_: str) -> None:
        """The other service comes, deletes, and is done; then this one's store goes away."""
        store.delete = delete  # type: ignore[method-assign]
        office.clock.pass_(minutes=1)
        assert delete_old(office.engine, office.writer, store, KEEP, office.clock.now, signing).count == 1
        stones.append(office.do(lambda tx: piece(tx, id)).tombstone)
        raise EvidenceProblem("the store is away")

    store.delete = meanwhile  # type: ignore[method-assign]
    assert delete_old(office.engine, office.writer, store, KEEP, office.clock.now, signing).problem
    after = office.do(lambda tx: piece(tx, id))
    assert (after.path, after.tombstone) == (None, stones[0])
    assert stones[0]


def test_the_same_file_given_again_after_its_time_is_kept_anew(
    office: Office, tmp_path: Path, signing: SigningKey
) -> None:
    store = open_evidence(str(tmp_path / "evidence"))
    case = office.arrive(1)
    before = given(office, store, case.id)
    office.act(case, Action.REJECT, LI, "a permit")
    office.clock.pass_(days=61)
    delete_old(office.engine, office.writer, store, KEEP, office.clock.now, signing)
    office.act(case, Action.REOPEN, LI, "the objection was right")
    assert given(office, store, case.id).id != before.id
