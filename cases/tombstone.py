"""What is left of evidence whose time was over: what it was, and when and why it went, signed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from vision.records import iso

if TYPE_CHECKING:
    from cases.evidence import Piece  # whoever verifies needs no database

TYPE = "streetorder tombstone"
"""What the signature is for, so that it is good for nothing else."""


class Signer(Protocol):
    """Whose signature stands under it; see ``vision.keys``."""

    @property
    def fingerprint(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


class Checker(Protocol):
    """What checks it: the public key of that signer."""

    @property
    def fingerprint(self) -> str: ...

    def accepts(self, signature: bytes, message: bytes) -> bool: ...


class NoTombstone(ValueError):
    """Something else, or one that another key signed; the message says which."""


def tombstone(piece: "Piece", why: str, now: datetime, key: Signer) -> dict[str, Any]:
    """Plain values. ``key`` is the fingerprint of who signed."""
    said: dict[str, Any] = {
        "type": TYPE,
        "evidence": piece.id,
        "case": piece.case_id,
        "violation": piece.violation_id,
        "kind": piece.kind,
        "sha256": piece.sha256,
        "size": piece.size,
        "added_at": iso(piece.added_at),
        "deleted_at": iso(now),
        "why": why,
        "key": key.fingerprint,
    }
    return said | {"signature": key.sign(_signed(said)).hex()}


def is_genuine(said: Mapping[str, Any], key: Checker) -> bool:
    """Whether the owner of the key signed exactly this. Raises ``NoTombstone``."""
    if said.get("type") != TYPE:
        raise NoTombstone(f"no tombstone: its type is {said.get('type')!r}, not {TYPE!r}")
    if said.get("key") != key.fingerprint:
        raise NoTombstone(f"signed with the key {said.get('key')}, and the key given is {key.fingerprint}")
    try:
        signature = bytes.fromhex(str(said.get("signature")))
    except ValueError:
        return False
    return key.accepts(signature, _signed(said))


def _signed(said: Mapping[str, Any]) -> bytes:
    """All but the signature."""
    rest = {name: value for name, value in said.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
