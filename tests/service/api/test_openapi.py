"""The interface does what its own description says, whatever it is asked (schemathesis)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.city_book import CityBook
from tests.service.api.served import Served
from tests.service.api.test_cameras_interface import CITY

EXAMPLES = 25
HERE = Path(__file__).parent
ENDS_KEYS = "^/api/v1/(keys|people)/"
"""What would end the key with which it is asked: that comes last."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_fails_and_nothing_is_answered_that_is_not_described(served: Served, tmp_path: Path) -> None:
    served.access.rate = served.access.burst = 1e9
    city = tmp_path / "city.yaml"
    city.write_text(CITY, encoding="utf-8")
    served.office.city = CityBook(city)
    ask(served, tmp_path, "--exclude-path-regex", ENDS_KEYS, "--exclude-path", "/api/v1/changes")
    assert served.ask("root", "GET", "/api/v1/looks").status_code == 200
    ask(served, tmp_path, "--include-path-regex", ENDS_KEYS)


def ask(served: Served, folder: Path, *which: str) -> None:
    program, config = Path(sys.executable).with_name("schemathesis"), HERE / "schemathesis.toml"
    words = ["--config-file", config, "run", f"{served.url}/api/v1/openapi.json", *which, "--seed", "1", "--no-color"]
    words += ["--header", f"Authorization: Bearer {served.keys['root']}", "--max-examples", str(EXAMPLES)]
    known = os.environ | {"SCHEMATHESIS_HOOKS": "tests.service.api.extremes", "PYTHONPATH": str(HERE.parents[2])}
    known["OPEN311_KEY"] = served.keys["worker"]
    done = subprocess.run([program, *words], capture_output=True, text=True, cwd=folder, env=known, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
