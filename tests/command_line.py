"""The program as people start it: the installed command in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from service.cli import make_app
from vision.keys import KEY_VARIABLE

PROGRAM = Path(sys.executable).with_name("streetorder")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What standard output holds, which must be one JSON value and nothing else."""
        return json.loads(self.out)


def streetorder(*words: str | Path, cwd: Path | None = None, key: Path | None = None) -> Ended:
    """Run a command to its end. Whatever goes wrong, nobody may see a traceback.

    key: where the signing key lies, for runs that serve several tests.
    """
    environment = os.environ | ({KEY_VARIABLE: str(key)} if key else {})
    done = subprocess.run(
        [PROGRAM, *map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    ended = Ended(done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in ended.out + ended.err, ended.err
    return ended


def looked(*words: str | Path) -> Ended:
    """The same within this process, for commands that only look at files: ten times faster."""
    result = CliRunner().invoke(make_app(str(words[0])), [*map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Ended(result.exit_code, result.stdout, result.stderr)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def unfinished(results: Path) -> list[Path]:
    """What no run may leave behind: files and folders that were being written."""
    return [
        p for p in results.rglob("*") if p.name.endswith(".unfinished") or p.name.startswith((".staging", ".buried"))
    ]


CITY = """\
name: a test street
time_zone: Asia/Shanghai
defaults:
  rules:
    motor_vehicle_parking: {{dwell_s: {dwell_s}, absence_s: {absence_s}}}
cameras:
"""


def city_file(path: Path, *cameras: str, dwell_s: float = 6, absence_s: float = 5) -> Path:
    """A city file in which parking soon is a violation and soon is over; ``cameras``: the YAML of each one."""
    path.write_text(CITY.format(dwell_s=dwell_s, absence_s=absence_s) + "".join(cameras), encoding="utf-8")
    return path


def camera(id: str, source: str) -> str:
    return f"  - id: {id}\n    urls: {{detect: {source}}}\n"
