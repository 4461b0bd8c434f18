"""A database and its evidence know each other."""

from pathlib import Path

import pytest

from cases.belonging import belong_together
from cases.evidence_store import MARK, EvidenceProblem, open_evidence
from cases.store.writer import Writer
from tests.cases.office import Office
from tests.cases.stores import fresh_store


def test_they_belong_together_from_the_first_start_on(office: Office, tmp_path: Path) -> None:
    evidence = open_evidence(str(tmp_path / "evidence"))
    id = belong_together(office.writer, evidence)
    assert belong_together(office.writer, evidence) == id
    with pytest.raises(EvidenceProblem, match=f"lies elsewhere.*{id}"):
        belong_together(office.writer, open_evidence(str(tmp_path / "new disk")))
    (tmp_path / "new disk" / MARK).parent.mkdir()
    (tmp_path / "new disk" / MARK).write_text(f'{{"store": "{id}"}}\n')
    assert belong_together(office.writer, open_evidence(str(tmp_path / "new disk"))) == id


def test_evidence_of_another_database_is_not_touched(office: Office, tmp_path: Path) -> None:
    evidence = open_evidence(str(tmp_path / "evidence"))
    belong_together(office.writer, evidence)
    before = (tmp_path / "evidence" / MARK).read_bytes()
    with fresh_store("sqlite", tmp_path / "other") as engine:
        writer = Writer(engine)
        with pytest.raises(EvidenceProblem, match="is another database's"):
            belong_together(writer, evidence)
        writer.close()
    assert (tmp_path / "evidence" / MARK).read_bytes() == before
