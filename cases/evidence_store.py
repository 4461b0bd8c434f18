"""Where evidence lies: a folder, or S3. What is put is durable when ``put`` returns, and never changed."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import parse_qs, urlsplit

PIECE = 1 << 20
MARK = "00000000-0000-0000-0000-000000000000/store.json"
"""Which database it belongs to; see ``cases.belonging``."""
_PATH = re.compile(r"[0-9a-f-]{36}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class EvidenceProblem(Exception):
    """The store cannot be used, or does not hold what was asked for; the message says which, without secrets."""


class NoSuchEvidence(EvidenceProblem):
    """The store is there and does not hold it."""


class EvidenceStore(Protocol):
    """Paths are ``case id/name``; see ``checked_path``."""

    def put(self, path: str, source: BinaryIO) -> None:
        """Keep a copy of a file from its beginning on; the same again is no error. Raises ``EvidenceProblem``."""
        ...

    def get(self, path: str) -> Iterator[bytes]:
        """Its bytes, in pieces. Raises ``NoSuchEvidence``, ``EvidenceProblem``."""
        ...

    def delete(self, path: str) -> None:
        """What is not there is no error. Raises ``EvidenceProblem``."""
        ...

    def older(self, before: datetime) -> Iterator[str]:
        """The paths of what was put before a time. Raises ``EvidenceProblem``."""
        ...


def open_evidence(url: str) -> EvidenceStore:
    """A folder's path, or ``s3://bucket/prefix`` with ``?endpoint=http://host:port`` and ``region=`` where it is not
    Amazon's; keys come from the environment (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``). Raises
    ``EvidenceProblem``.
    """
    scheme, named, rest = url.partition("://")
    if not named:
        return Folder(Path(url))
    if scheme.lower() == "s3":
        return Bucket(f"s3://{rest}")
    if scheme.lower() == "file":
        return Folder(Path(rest))
    raise EvidenceProblem(f"evidence lies in a folder, named by its path, or in s3://bucket/prefix, not in {scheme}://")


def checked_path(path: str) -> str:
    """``path`` where it is one of ours. Raises ``EvidenceProblem``: nothing of what people name leaves the store."""
    if not _PATH.fullmatch(path):
        raise EvidenceProblem(f"no path of evidence: {path[:100]!r}")
    return path


class Folder:
    """Files, each synced with the folders that hold its name."""

    def __init__(self, home: Path):
        self.home = home
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EvidenceProblem(f"{home}: {error.strerror}") from None

    def put(self, path: str, source: BinaryIO) -> None:
        target = self.home / checked_path(path)
        staged = target.with_name(target.name + ".unfinished")
        try:
            target.parent.mkdir(exist_ok=True)
            source.seek(0)
            with staged.open("wb") as out:
                shutil.copyfileobj(source, out, PIECE)
                out.flush()
                os.fsync(out.fileno())
            staged.replace(target)
            for folder in (target.parent, self.home):
                _sync(folder)
        except OSError as error:
            staged.unlink(missing_ok=True)
            raise EvidenceProblem(f"{target}: {error.strerror}") from None

    def get(self, path: str) -> Iterator[bytes]:
        target = self.home / checked_path(path)
        try:
            file = target.open("rb")
        except FileNotFoundError as error:
            raise NoSuchEvidence(f"{path}: {error.strerror}") from None
        except OSError as error:
            raise EvidenceProblem(f"{path}: {error.strerror}") from None
        return _pieces(file)

    def delete(self, path: str) -> None:
        target = self.home / checked_path(path)
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise EvidenceProblem(f"{path}: {error.strerror}") from None

    def older(self, before: datetime) -> Iterator[str]:
        limit = before.timestamp()
        try:
            for folder in os.scandir(self.home):
                if not folder.is_dir(follow_symlinks=False):
                    continue
                for file in os.scandir(folder):
                    path = f"{folder.name}/{file.name}"
                    if _PATH.fullmatch(path) and file.stat(follow_symlinks=False).st_mtime < limit:
                        yield path
        except OSError as error:
            raise EvidenceProblem(f"{self.home}: {error.strerror}") from None


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket:
    """An S3 bucket, by the extra ``s3``."""

    def __init__(self, url: str):
        try:
            from obstore.store import S3Store
        except ImportError:
            raise EvidenceProblem("evidence in S3 needs: pip install 'streetorder[s3]'") from None
        parts = urlsplit(url)
        if not parts.hostname or parts.username:
            raise EvidenceProblem("s3://bucket/prefix is needed; its keys come from the environment")
        said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if unknown := said.keys() - {"endpoint", "region"}:
            raise EvidenceProblem(f"s3://{parts.hostname}: unknown {', '.join(unknown)}; allowed are endpoint, region")
        options: dict[str, Any] = {"region": said.get("region", "us-east-1")}
        if endpoint := said.get("endpoint"):
            options |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        client: Any = {"allow_http": str(said.get("endpoint", "")).startswith("http://"), "timeout": "60s"}
        self.name = f"s3://{parts.hostname}{parts.path}"
        prefix = parts.path.strip("/") or None
        try:
            self._store = S3Store(parts.hostname, prefix=prefix, client_options=client, **options)
        except Exception as error:  # of obstore, which has a class for each cause
            raise EvidenceProblem(f"{self.name}: {_sentence(error)}") from None

    def put(self, path: str, source: BinaryIO) -> None:
        import obstore

        source.seek(0)
        try:
            obstore.put(self._store, checked_path(path), source)
        except Exception as error:
            raise EvidenceProblem(f"{self.name}/{path}: {_sentence(error)}") from None

    def get(self, path: str) -> Iterator[bytes]:
        import obstore

        try:
            stream = obstore.get(self._store, checked_path(path)).stream(min_chunk_size=PIECE)
        except FileNotFoundError as error:
            raise NoSuchEvidence(f"{self.name}/{path}: {_sentence(error)}") from None
        except Exception as error:
            raise EvidenceProblem(f"{self.name}/{path}: {_sentence(error)}") from None
        return (bytes(piece) for piece in stream)

    def delete(self, path: str) -> None:
        import obstore

        try:
            obstore.delete(self._store, checked_path(path))
        except FileNotFoundError:
            return
        except Exception as error:
            raise EvidenceProblem(f"{self.name}/{path}: {_sentence(error)}") from None

    def older(self, before: datetime) -> Iterator[str]:
        import obstore

        try:
            for some in obstore.list(self._store):
                old = (one["path"] for one in some if one["last_modified"] < before)
                yield from filter(_PATH.fullmatch, old)
        except Exception as error:
            raise EvidenceProblem(f"{self.name}: {_sentence(error)}") from None


def _sentence(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
