"""Every attack is refused, written down, and changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.service.api.attacks import ATTACKS, Attack, Scene, scene, whole


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("attacked")
    with scene(folder, request.param) as found:
        yield found


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_it_is_refused_and_written_down(attacked: Scene, attack: Attack) -> None:
    with capture_logs() as log:
        answer = attack.attempt(attacked)
    assert answer.status_code in attack.may, answer.text
    refusals = [line for line in log if line["event"] in ("refused", "evidence was changed")]
    assert bool(refusals) != attack.silent or answer.status_code == 422
    secrets = ("so_guessed", *attacked.served.keys.values())
    assert not any(secret in str(log) for secret in secrets), "a key is in the log"
    assert whole(attacked)
    assert "Traceback" not in answer.text
