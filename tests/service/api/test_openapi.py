"""The interface does what its own description says, whatever it is asked (schemathesis)."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.city_book import CityBook
from tests.service.api.served import Served
from tests.service.api.test_cameras_interface import CITY

EXAMPLES = 25


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_fails_and_nothing_is_answered_that_is_not_described(served: Served, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    served.access.rate = served.access.burst = 1e9
    city = tmp_path / "city.yaml"
    city.write_text(CITY, encoding="utf-8")
    served.office.city = CityBook(city)
    words = ["run", f"{served.url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {served.keys['root']}"]
    # What is well-formed and makes no sense (a polygon that crosses itself, swapped corners) is refused.
    words += ["--exclude-checks", "positive_data_acceptance"]
    words += ["--max-examples", str(EXAMPLES), "--exclude-path", "/api/v1/changes", "--seed", "1", "--no-color"]
    done = subprocess.run([program, *words], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
