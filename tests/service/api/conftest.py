"""The interface over each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.stores import made_url
from tests.service.api.served import Served, serving


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with made_url(request.param, tmp_path) as url, serving(url, str(tmp_path / "evidence")) as found:
        yield found
