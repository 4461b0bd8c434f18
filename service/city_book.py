"""The city file as the service reads and changes it: people's comments stay, and workers that watch it follow."""

import hashlib
import io
import re
import threading
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from service.city import City, CityFileError, load_city
from streams.source import redact
from vision.durable import naming, write_durably

_PROPOSED = ".proposed"
LONGEST_LINE = 100_000
"""Lines stay as long as people made them."""
HIDDEN = "***"
"""What ``redact`` writes instead of a password."""


class CityChanged(ValueError):
    """Somebody else changed the file meanwhile."""


class CityBook:
    """path: of the city file. Every change is checked as a whole before it is written; may be used by any thread."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.Lock()
        self._known: tuple[str, City] | None = None

    def read(self) -> tuple[City, str]:
        """The city, and a tag of this version of it. Raises ``CityFileError``."""
        tag = _tag(self._bytes())
        if self._known is None or self._known[0] != tag:
            self._known = tag, load_city(self.path)
        return self._known[1], tag

    def put(self, camera_id: str, camera: Mapping[str, Any], tag: str | None = None) -> bool:
        """Add a camera, or put it in another's place; whether it is new. An address whose password is hidden, as it is
        shown, keeps its password. Raises ``CityFileError``, ``CityChanged``, ``OSError``.
        """
        new: bool = self._change(lambda cameras: _put(cameras, camera_id, dict(camera)), tag)
        return new

    def remove(self, camera_id: str, tag: str | None = None) -> None:
        """Raises ``KeyError`` where there is none, and as ``put``."""
        self._change(lambda cameras: cameras.pop(_place(cameras, camera_id)), tag)

    def put_zones(
        self, camera_id: str, view_id: str, zones: Sequence[Mapping[str, Any]], tag: str | None = None
    ) -> None:
        """The zones of a view instead of those it has. Raises ``KeyError`` naming what there is not, and as ``put``."""
        self._change(lambda cameras: _put_zones(cameras[_place(cameras, camera_id)], view_id, zones), tag)

    def _change(self, edit: Callable[[MutableSequence[Any]], Any], tag: str | None) -> Any:
        with self._lock:
            data = self._bytes()
            if tag is not None and tag != _tag(data):
                raise CityChanged("the city file was changed meanwhile: read it again")
            load_city(self.path)  # what is broken already is mended by people
            yaml = YAML()
            yaml.preserve_quotes, yaml.width = True, LONGEST_LINE
            text = data.decode("utf-8-sig")
            indent = _indent(text)
            yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
            document = yaml.load(text)
            answer = edit(document["cameras"])
            written = io.BytesIO()
            yaml.dump(document, written)
            if written.getvalue() == data:
                return answer
            self._check(written.getvalue())
            with naming(self.path):
                write_durably(self.path, written.getvalue(), mode=self.path.stat().st_mode & 0o777)
            return answer

    def _check(self, data: bytes) -> None:
        """Raises ``CityFileError`` with the lines as they would be."""
        proposed = self.path.with_name(self.path.name + _PROPOSED)
        try:
            with naming(proposed):
                write_durably(proposed, data, mode=0o600)  # addresses hold passwords
            load_city(proposed)
        except CityFileError as problem:
            raise CityFileError([text.removeprefix(f"{proposed}:") for text in problem.problems]) from None
        finally:
            proposed.unlink(missing_ok=True)

    def _bytes(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as problem:
            raise CityFileError([f"{self.path}: cannot be read: {problem.strerror or problem}"]) from None


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _place(cameras: MutableSequence[Any], camera_id: str) -> int:
    for n, camera in enumerate(cameras):
        if camera.get("id") == camera_id:
            return n
    raise KeyError(f"no camera {camera_id!r}")


def _put(cameras: MutableSequence[Any], camera_id: str, camera: dict[str, Any]) -> bool:
    before = next((camera for camera in cameras if camera.get("id") == camera_id), None)
    known = [] if before is None else [str(url) for url in before.get("urls", {}).values()]
    camera["urls"] = {role: _with_password(url, known) for role, url in camera.get("urls", {}).items()}
    if before is None:
        cameras.append(camera)
    else:
        _merge(before, camera)
    return before is None


def _with_password(url: Any, known: Sequence[str]) -> Any:
    """An address whose password is hidden, with the password that the camera has at the same host."""
    if not isinstance(url, str) or HIDDEN not in url:
        return url
    there = urlsplit(url)
    for before in known:
        if url == redact(before):
            return before
        same_host = there.netloc == urlsplit(redact(before)).netloc
        if same_host and HIDDEN not in there._replace(netloc="").geturl():
            return there._replace(netloc=urlsplit(before).netloc).geturl()
    raise CityFileError([f"urls: {url}: its password is hidden ({HIDDEN}), and is not known for this address: say it"])


def _merge(node: Any, said: Mapping[str, Any]) -> None:
    """Change what differs and leave the rest, so that the comments of people stay."""
    for name in [name for name in node if name not in said]:
        del node[name]
    for name, value in said.items():
        if isinstance(value, dict) and isinstance(node.get(name), MutableMapping):
            _merge(node[name], value)
        elif name not in node or (node[name] != value and str(node[name]) != value):  # 2 is read as "2" where both are
            node[name] = value


def _indent(text: str) -> int:
    """How far the list of cameras is indented, so that the file keeps its form."""
    found = re.search(r"^cameras:[^\n]*\n(?:[ ]*(?:#[^\n]*)?\n)*( *)- ", text, re.MULTILINE)
    return len(found[1]) if found else 0


def _put_zones(camera: Any, view_id: str, zones: Sequence[Mapping[str, Any]]) -> None:
    views = camera.setdefault("views", [{"id": "home"}])
    for view in views:
        if view.get("id", "home") == view_id:
            view["zones"] = [dict(zone) for zone in zones]
            return
    raise KeyError(f"camera {camera['id']!r} has no view {view_id!r}")
