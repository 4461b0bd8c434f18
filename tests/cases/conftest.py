"""An office on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.desk import Desk
from cases.store.writer import Writer
from tests.cases.office import POLICY, Office
from tests.cases.stores import Clock, fresh_store


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with fresh_store(request.param, tmp_path) as engine:
        writer, clock = Writer(engine), Clock()
        yield Office(engine, writer, Desk(POLICY, clock), clock)
        writer.close()
