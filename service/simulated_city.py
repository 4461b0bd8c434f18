"""A city file for simulated cameras."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

_MARK = "# Written by streetorder simulate, and written over by it.\n"


class CityFileTaken(Exception):
    """The file is somebody's own; it is not written over."""


def write_city(path: Path, urls: Mapping[str, str]) -> None:
    """Only its owner may read the file, for URLs hold passwords.

    Raises ``CityFileTaken`` where the file was not written by this function, ``OSError`` where it cannot be written.
    """
    lines = [_MARK, "name: simulated cameras\n", "time_zone: UTC\n", "cameras:\n"]
    # A JSON string is a YAML string, whatever is in it.
    lines += [f"  - {{id: {name}, urls: {{detect: {json.dumps(url)}}}}}\n" for name, url in urls.items()]
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            if file.readline() != _MARK:
                raise CityFileTaken(f"--city {path}: there is a city file already, which was not written by simulate")
    new = path.with_name(f"{path.name}.unfinished")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(lines)
    new.replace(path)
