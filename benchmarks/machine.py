"""What figures were taken on, and how they are kept."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.runtime import ort


def machine() -> dict[str, Any]:
    """Plain values that say where, when and with what something was measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "onnxruntime": ort.__version__,
        "provider": _provider(),
        "revision": _revision(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def save(path: Path, result: dict[str, Any]) -> None:
    """Write JSON for people and programs. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _provider() -> str:
    """What the detector runs on, as ``models.session`` chooses it."""
    gpu = "CUDAExecutionProvider"
    return gpu if gpu in ort.get_available_providers() else "CPUExecutionProvider"


def _revision() -> str | None:
    """The commit that is measured, None where this is no checkout."""
    try:
        words = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
