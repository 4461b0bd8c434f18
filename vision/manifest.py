"""The format of sealed records: what one says, how it is signed, how it is read back.

A record is a JSON file (``manifest.json``, ``cleared.json`` or ``<id>.tombstone.json``) with a detached Ed25519
signature beside it. The signature covers the bytes of the file exactly as they lie there, so that nobody has to agree
on a canonical form: ``openssl`` and ``sha256sum`` check it without this program. Keys are sorted and the text is
indented because people read it.

Records form a chain: each carries its sequence number and the SHA-256 of the record before it. ``chain.jsonl`` lists
them, one line each; everything in a line also stands in a signed record, so the list itself needs no signature.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from vision.keys import PublicKey, SigningKey

SCHEMA_VERSION = 1
CHAIN = "chain.jsonl"
Kind = Literal["manifest", "cleared", "tombstone"]
KINDS: tuple[Kind, ...] = ("manifest", "cleared", "tombstone")


class NotARecord(ValueError):
    """The bytes are no sealed record or no line of a chain."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the chain.

    sequence: counts from 0. sha256: of the record's bytes, hex. previous: ``sha256`` of the entry before, None at the
    start. key: fingerprint of the key that signed the record.
    """

    sequence: int
    kind: Kind
    id: str
    sha256: str
    previous: str | None
    key: str

    def line(self) -> bytes:
        """Without the newline."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_dict(cls, values: object) -> "Entry":
        if not isinstance(values, dict):
            raise NotARecord("not an entry of a chain")
        try:
            entry = cls(**values)
        except TypeError as problem:
            raise NotARecord("not an entry of a chain") from problem
        texts = (entry.id, entry.sha256, entry.key, "" if entry.previous is None else entry.previous)
        if entry.kind not in KINDS or type(entry.sequence) is not int or not all(isinstance(t, str) for t in texts):
            raise NotARecord("an entry with a value of the wrong kind")
        return entry

    @classmethod
    def from_line(cls, line: bytes) -> "Entry":
        """Raises ``NotARecord`` for anything but the exact bytes that ``line`` writes."""
        try:
            entry = cls.from_dict(json.loads(line))
            exact = entry.line() == line
        except (ValueError, RecursionError) as problem:
            raise NotARecord("not an entry of a chain") from problem
        if not exact:
            raise NotARecord("not written as this program writes it")
        return entry


@dataclass(frozen=True, slots=True)
class Record:
    """A sealed record as it was read. ``key`` is the key it names, which proves nothing before somebody trusts it."""

    entry: Entry
    key: PublicKey
    body: dict[str, Any]

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """Sealed files by name: ``{"sha256": hex, "bytes": int}``."""
        return self.body["files"]  # type: ignore[no-any-return]

    @property
    def sealed_at(self) -> str:
        return str(self.body["sealed_at"])

    @property
    def buried(self) -> tuple[Entry, ...]:
        """The entries whose records a tombstone stands for."""
        return tuple(Entry.from_dict(values) for values in self.body.get("entries", ()))


def record_paths(evidence_dir: Path, id: str, kind: Kind) -> tuple[Path, Path]:
    """Where a record and its signature lie."""
    if kind == "tombstone":
        return evidence_dir / f"{id}.tombstone.json", evidence_dir / f"{id}.tombstone.sig"
    return evidence_dir / id / f"{kind}.json", evidence_dir / id / f"{kind}.sig"


def write_record(
    kind: Kind, id: str, sequence: int, previous: str | None, sealed_at: str, key: SigningKey, **body: Any
) -> tuple[bytes, bytes, Entry]:
    """The bytes of a record, of its signature file, and its entry in the chain.

    Raises ``ValueError`` or ``TypeError`` for a body that JSON cannot hold (NaN, a date).
    """
    values = {
        **body,
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "id": id,
        "sequence": sequence,
        "previous": previous,
        "sealed_at": sealed_at,
        "public_key": key.public.text,
    }
    data = json.dumps(values, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    entry = Entry(sequence, kind, id, hashlib.sha256(data).hexdigest(), previous, key.fingerprint)
    return data, base64.b64encode(key.sign(data)) + b"\n", entry


def read_record(data: bytes) -> Record:
    """Raises ``NotARecord``. The signature is not looked at."""
    try:
        body = json.loads(data)
        if body["schema_version"] != SCHEMA_VERSION:
            raise NotARecord(f"schema_version {body['schema_version']}, this program reads {SCHEMA_VERSION}")
        key = PublicKey.from_text(body["public_key"])
        sha256 = hashlib.sha256(data).hexdigest()
        entry = Entry.from_dict(
            {
                "sequence": body["sequence"],
                "kind": body["kind"],
                "id": body["id"],
                "sha256": sha256,
                "previous": body["previous"],
                "key": key.fingerprint,
            }
        )
        record = Record(entry, key, body)
        if entry.kind == "tombstone":
            _ = record.buried
        elif not all(isinstance(file["sha256"], str) for file in record.files.values()):
            raise NotARecord("a file without its SHA-256")
    except NotARecord:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise NotARecord("not a sealed record") from problem
    return record


def signature_of(data: bytes) -> bytes | None:
    """The 64 bytes in a signature file, or None where it does not hold exactly one line of base64.

    Base64 has spare bits at its end; re-encoding makes sure that even they are as they were written.
    """
    try:
        signature = base64.b64decode(data.removesuffix(b"\n"), validate=True)
    except binascii.Error:
        return None
    return signature if len(signature) == 64 and base64.b64encode(signature) + b"\n" == data else None


def evidence_folder(folder: Path, violation_id: str) -> Path:
    """Where a violation's evidence lies, or will lie.

    Named after the violation; where evidence of that name was buried (the camera was scored anew by another model or
    rule and found the same thing), the name gets a number, for a tombstone stays for ever.
    """
    home, number = folder / violation_id, 2
    while home.with_name(f"{home.name}.tombstone.json").exists():
        home, number = folder / f"{violation_id}.{number}", number + 1
    return home
