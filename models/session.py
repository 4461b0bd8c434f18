"""ONNX Runtime sessions, opened the same way for every model."""

import hashlib
from pathlib import Path

from models.card import ModelRefused
from models.runtime import ort


class OnSession:
    """A detector that runs on an ONNX Runtime session."""

    _session: ort.InferenceSession

    @property
    def provider(self) -> str:
        first: str = self._session.get_providers()[0]
        return first


def open_session(path: Path, threads: int = 0) -> ort.InferenceSession:
    """A session on the best provider that this machine's ONNX Runtime offers; it may run in several threads at once.

    threads: for one picture, 0 = all cores. Raises ``ModelRefused`` for a file that is no ONNX model.
    """
    if not path.is_file():
        raise ModelRefused(path, ["there is no such file" if not path.exists() else "it is not a file"])
    if path.suffix == ".pt":
        raise ModelRefused(path, ["it holds PyTorch weights; make a model file of them with streetorder export"])
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Spinning threads take the cores that the decoders need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(path, options, providers=_providers())
    except Exception as error:  # ONNX Runtime's errors have no base class of their own
        raise ModelRefused(path, [f"ONNX Runtime cannot load it ({_sentence(error)})"]) from None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _providers() -> list[str]:
    offered = ort.get_available_providers()
    return [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in offered]


def _sentence(error: Exception) -> str:
    """The part of an ONNX Runtime message that tells something: the first line after its numeric codes."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].split(" : ")[-1].split(" failed:")[-1].strip()[:200]
