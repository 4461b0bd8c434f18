"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("streets", deadline=None)
settings.load_profile("streets")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The evaluation material: ``$STREETORDER_SHARED``, else ``shared`` beside the checkout."""
    folder = Path(os.environ.get("STREETORDER_SHARED") or CHECKOUT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"no evaluation material at {folder}; set STREETORDER_SHARED to its folder")
    return folder


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real ONNX file that meets the detector's contract and finds the coloured rectangles of ``tests.scenery``."""
    from tests.toy_model import write_toy_model  # builds on onnx, which most tests do not need

    path = tmp_path_factory.mktemp("model") / "toy.onnx"
    write_toy_model(path)
    return path


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's signing key is made, if it makes one: never the user's own."""
    path = tmp_path / "key" / "signing.key"
    monkeypatch.setenv("STREETORDER_KEY", str(path))
    return path
