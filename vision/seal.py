"""The seal: hashes, signatures and the chain that links them, written so that a crash at any moment can be continued.

An evidence folder is sealed while it is staged, renamed into place, and only then entered in ``chain.jsonl``. So an
entry never speaks of a folder that was not there, and a missing folder is never the work of a crash. A crash between
the two leaves a signed record that fits the end of the chain and is not entered yet: ``Chain`` enters it when it is
opened, or before its next record. Clearing and tombstones follow the same order: the record is the last file written,
its entry comes after it, and a deletion comes after its tombstone is entered.

Several programs may hold a ``Chain`` on the same folder (a worker and the retention job): each operation takes a file
lock, and reads the chain anew where another program wrote or was interrupted.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vision.durable import UNFINISHED, append_durably, sync_file, sync_folder, write_durably
from vision.keys import SigningKey
from vision.manifest import (
    CHAIN,
    Entry,
    Kind,
    NotARecord,
    Record,
    read_record,
    record_paths,
    signature_of,
    write_record,
)
from vision.records import iso
from vision.verify import check_folder

LOCK = ".chain.lock"
BURIED = ".buried-"


class SealProblem(Exception):
    """The chain or a folder is not as it was left; nothing was written. The message names the file."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Chain:
    """Seals evidence in one folder and links the seals.

    evidence_dir: made where it is missing. key: signs every record; a chain is continued only with the key that began
    it. now: the clock of ``sealed_at``, UTC.

    Raises ``SealProblem`` where ``chain.jsonl`` cannot be continued, ``OSError`` where it cannot be read.
    """

    def __init__(self, evidence_dir: Path, key: SigningKey, now: Callable[[], datetime] = _utc_now) -> None:
        self._dir = evidence_dir
        self._key = key
        self._now = now
        self._path = evidence_dir / CHAIN
        self._head: Entry | None = None
        self._known: dict[str, dict[Kind, Entry]] = {}
        self._length = -1
        evidence_dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            pass

    @property
    def head(self) -> Entry | None:
        """The last entry, None before the first. Noted elsewhere, it shows later that no newer record was cut off."""
        return self._head

    def publish(self, staging: Path, final: Path, record: Mapping[str, Any]) -> None:
        """Seal every file in ``staging`` and rename it to ``final``, a new folder in the evidence folder.

        The name of ``final`` is the id. ``record`` holds plain JSON values. ``staging`` lies on the same disk; within
        the evidence folder its name starts with a dot. Where ``final`` is there already and intact, or was buried,
        nothing happens except that ``staging`` is removed. After an ``OSError`` (a full disk) nothing is published and
        ``staging`` holds what the caller put there. Raises ``SealProblem`` where ``final`` is there but changed or
        never sealed, ``ValueError`` for a ``staging`` that holds anything but plain files.
        """
        with self._locked():
            id = self._id(final)
            if self._is_buried(id) or self._is_sealed(id, "manifest"):
                shutil.rmtree(staging, ignore_errors=True)
                return
            if os.path.lexists(final):
                raise SealProblem(f"{final} exists but is not in the chain; move it away")
            manifest, sig = (staging / path.name for path in record_paths(self._dir, id, "manifest"))
            _remove(manifest, sig)  # of an attempt that was interrupted
            files = {path.name: _describe(path) for path in sorted(staging.iterdir())}
            data, signature, entry = self._write("manifest", id, record=dict(record), files=files)
            try:
                write_durably(sig, signature)
                write_durably(manifest, data)
                sync_folder(staging)
                staging.rename(final)
                try:
                    sync_folder(self._dir)
                    self._enter(entry)
                except OSError:
                    final.rename(staging)
                    raise
            except OSError:
                _remove(manifest, sig)
                raise

    def clear(self, final: Path, record: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        """Add ``pictures`` and a second signed record that cites the first.

        Nothing happens where that was done and is intact, or where the evidence was buried. After an ``OSError``
        nothing was added. Raises ``SealProblem`` where the evidence is missing or changed, ``ValueError`` for a
        picture under a name that is taken.
        """
        with self._locked():
            id = self._id(final)
            if self._is_buried(id):
                return
            if not self._is_sealed(id, "manifest"):
                raise SealProblem(f"{final} is not in the chain, so it cannot be cleared")
            if self._is_sealed(id, "cleared"):
                return
            cleared, sig = record_paths(self._dir, id, "cleared")
            taken = {cleared.name, sig.name, "manifest.json", "manifest.sig"} | self._read(id, "manifest").files.keys()
            for name in pictures:
                if name in taken or Path(name).name != name:
                    raise ValueError(f"{final / name}: a cleared picture needs a plain name that is not sealed yet")
            files = {name: {"sha256": _sha256(data), "bytes": len(data)} for name, data in pictures.items()}
            cited = self._known[id]["manifest"].sha256
            data, signature, entry = self._write("cleared", id, record=dict(record), files=files, manifest=cited)
            try:
                for name, picture in pictures.items():
                    write_durably(final / name, picture)
                write_durably(sig, signature)
                write_durably(cleared, data)
                sync_folder(final)
                self._enter(entry)
            except OSError:
                _remove(cleared, sig, *(final / name for name in pictures))
                raise

    def bury(self, final: Path, reason: str, by: str) -> None:
        """Delete evidence whose time is over and leave a signed tombstone that says why and by whom.

        The chain goes on to verify. Buried again, nothing happens. After an ``OSError`` before the deletion nothing has
        changed; one during the deletion is made up for when the chain is opened or the evidence is buried again.
        Raises ``SealProblem`` where the evidence never was in the chain.
        """
        with self._locked():
            id = self._id(final)
            if not self._is_buried(id):
                if id not in self._known:
                    raise SealProblem(f"{final} is not in the chain, so it cannot be buried")
                entries = [asdict(entry) for entry in self._known[id].values()]
                data, signature, entry = self._write("tombstone", id, reason=reason, by=by, entries=entries)
                tombstone, sig = record_paths(self._dir, id, "tombstone")
                try:
                    write_durably(sig, signature)
                    write_durably(tombstone, data)
                    sync_folder(self._dir)
                    self._enter(entry)
                except OSError:
                    _remove(tombstone, sig)
                    raise
            self._delete(id)

    def _id(self, final: Path) -> str:
        if final.parent.resolve() != self._dir.resolve() or final.name.startswith("."):
            raise ValueError(f"{final} is no evidence folder in {self._dir}")
        return final.name

    def _write(self, kind: Kind, id: str, **body: Any) -> tuple[bytes, bytes, Entry]:
        sequence, previous = (0, None) if self._head is None else (self._head.sequence + 1, self._head.sha256)
        return write_record(kind, id, sequence, previous, iso(self._now()) or "", self._key, **body)

    def _read(self, id: str, kind: Kind) -> Record:
        return read_record(record_paths(self._dir, id, kind)[0].read_bytes())

    def _is_buried(self, id: str) -> bool:
        return "tombstone" in self._known.get(id, ())

    def _is_sealed(self, id: str, kind: Kind) -> bool:
        """Whether the chain knows the record. Raises ``SealProblem`` where it does but the folder was changed."""
        if kind not in self._known.get(id, ()):
            return False
        folder = self._dir / id
        if not folder.is_dir():
            raise SealProblem(f"{folder} is in the chain but is not there")
        for finding in check_folder(folder, self._key.public).findings:
            if finding.what != "extra":  # an interrupted clearing leaves pictures that no record names yet
                raise SealProblem(f"{folder} was changed after it was sealed ({finding}); it is not written again")
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock. What is written in the lock file says that an operation is under way: whoever finds it there
        knows that the last one was interrupted."""
        with os.fdopen(os.open(self._dir / LOCK, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if lock.read() or self._length != self._size():
                self._continue()
            lock.seek(0)
            lock.write(b"writing\n")
            yield
            lock.truncate(0)

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _enter(self, entry: Entry) -> None:
        if not self._path.exists():
            # Its name first: were that to fail after the line was written, the chain would list what is taken back.
            self._path.touch()
            sync_folder(self._dir)
        append_durably(self._path, entry.line() + b"\n")
        self._remember(entry)
        self._length = self._size()

    def _remember(self, entry: Entry) -> None:
        self._head = entry
        self._known.setdefault(entry.id, {})[entry.kind] = entry

    def _continue(self) -> None:
        """Read the chain, drop a line that a crash tore, enter records that a crash kept out, finish deletions."""
        self._head, self._known = None, {}
        data = self._path.read_bytes() if self._path.exists() else b""
        *lines, torn = data.split(b"\n")
        for number, line in enumerate(lines, 1):
            self._remember(self._link(line, number))
        if self._head is not None and self._head.key != self._key.fingerprint:
            raise SealProblem(
                f"{self._path} was begun with key {self._head.key}, this is key {self._key.fingerprint}: "
                "use that key, or another folder for the results"
            )
        if torn:
            os.truncate(self._path, len(data) - len(torn))
        self._length = len(data) - len(torn)
        waiting = self._waiting()
        while (entry := waiting.pop(self._head.sha256 if self._head else None, None)) is not None:
            self._enter(entry)
        for path in list(self._dir.iterdir()):
            if path.name.endswith(UNFINISHED):
                path.unlink()
            elif path.name.startswith(BURIED):
                shutil.rmtree(path)
            elif self._is_buried(path.name):
                self._delete(path.name)

    def _link(self, line: bytes, number: int) -> Entry:
        try:
            entry = Entry.from_line(line)
        except NotARecord as problem:
            raise SealProblem(f"{self._path}, line {number} is {problem}; see `streetorder verify`") from problem
        head = self._head
        if (entry.sequence, entry.previous) != ((head.sequence + 1, head.sha256) if head else (0, None)):
            raise SealProblem(f"{self._path}, line {number} does not follow the line before; see `streetorder verify`")
        return entry

    def _waiting(self) -> dict[str | None, Entry]:
        """Entries of records that we signed and the chain does not list, by the record that each one follows."""
        waiting: dict[str | None, Entry] = {}
        for name in [path.name for path in self._dir.iterdir()]:
            id = name.removesuffix(".tombstone.json")
            kinds: tuple[Kind, ...] = ("manifest", "cleared") if id == name else ("tombstone",)
            for kind in kinds:
                if name.startswith(".") or kind in self._known.get(id, ()):
                    continue
                path, sig = record_paths(self._dir, id, kind)
                try:
                    data, signature = path.read_bytes(), signature_of(sig.read_bytes())
                    record = read_record(data)
                except (OSError, NotARecord):
                    continue  # not ours to judge here; verify names it
                if signature is not None and self._key.public.accepts(signature, data):
                    waiting |= {entry.previous: entry for entry in (record.entry, *record.buried)}
        return waiting

    def _delete(self, id: str) -> None:
        """Take the folder away in one step, then its files, so that a crash leaves no half of it in sight."""
        hidden = self._dir / (BURIED + id)
        if (self._dir / id).exists():
            (self._dir / id).rename(hidden)
            sync_folder(self._dir)
        if hidden.exists():
            shutil.rmtree(hidden)


def _describe(path: Path) -> dict[str, Any]:
    if path.is_symlink() or not path.is_file():
        raise ValueError(f"{path} is no plain file; evidence holds plain files only")
    sync_file(path)
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": os.fstat(file.fileno()).st_size}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
