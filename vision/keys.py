"""Signing keys: Ed25519 (RFC 8032), one key pair per machine that seals evidence.

The private key is a PKCS #8 PEM file that only its owner may read; the public key lies beside it under the same name
with ``.pub`` added. A fingerprint is the first 16 hex digits of the SHA-256 of the 32 raw bytes of the public key.
"""

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from platformdirs import user_config_dir

KEY_VARIABLE = "STREETORDER_KEY"


class KeyProblem(Exception):
    """A key file is missing, unreadable, unsafe or not a key; the message says which file and what to do."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What checks a signature. ``raw`` is the 32 bytes of the key."""

    raw: bytes

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The middle line of the PEM file: base64 of the key as SubjectPublicKeyInfo (RFC 8410)."""
        return base64.b64encode(self._key().public_bytes(*_PUBLIC_DER)).decode()

    @property
    def pem(self) -> bytes:
        return self._key().public_bytes(*_PUBLIC_PEM)

    @classmethod
    def from_text(cls, text: str) -> "PublicKey":
        """The inverse of ``text``. Raises ``ValueError`` for anything else."""
        try:
            key = serialization.load_der_public_key(base64.b64decode(text, validate=True))
        except UnsupportedAlgorithm as problem:
            raise ValueError(str(problem)) from problem
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 public key")
        return cls(key.public_bytes_raw())

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Whether the owner of this key signed exactly these bytes."""
        try:
            self._key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """What seals. It never prints itself."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.private.public_key().public_bytes_raw())

    @property
    def fingerprint(self) -> str:
        return self.public.fingerprint

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(message)


_PUBLIC_DER = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
_PUBLIC_PEM = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def default_key_path() -> Path:
    """``$STREETORDER_KEY`` where it is set, else ``signing.key`` in the user's configuration folder."""
    given = os.environ.get(KEY_VARIABLE)
    return Path(given).expanduser() if given else Path(user_config_dir("streetorder")) / "signing.key"


def public_key_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def make_key(path: Path) -> str:
    """Make a key pair at ``path`` and ``path.pub`` and return its fingerprint.

    Raises ``KeyProblem`` where either file exists (evidence sealed with a lost key can only be checked with its public
    half, so neither is ever overwritten) or cannot be written.
    """
    public_path = public_key_path(path)
    for taken in (path, public_path):
        if os.path.lexists(taken):
            raise KeyProblem(f"{taken} exists already; a key is never overwritten. Move both key files away first.")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = SigningKey(private)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise KeyProblem(f"{path.parent} cannot be made: {problem.strerror or problem}") from problem
    try:
        _create(path, pem, 0o600)
        _write_public(path, key.public)
    except FileExistsError as problem:
        raise KeyProblem(f"{path} exists already; a key is never overwritten.") from problem
    except OSError as problem:
        raise KeyProblem(f"{path}: the key cannot be written: {problem.strerror or problem}") from problem
    return key.fingerprint


def load_key(path: Path) -> SigningKey:
    """Raises ``KeyProblem`` for a file that is missing, readable by others, or no Ed25519 private key."""
    pem = _read(path, f"make one with `streetorder keys`, or set {KEY_VARIABLE}")
    if os.name == "posix" and (mode := path.stat().st_mode) & 0o077:
        raise KeyProblem(
            f"{path} can be used by other users (mode {mode & 0o777:04o}): `chmod 600` it, or make a new key "
            "if others may have read it."
        )
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except TypeError as problem:
        raise KeyProblem(f"{path} is encrypted with a password; an unencrypted key is needed.") from problem
    except (ValueError, UnsupportedAlgorithm) as problem:
        hint = "a public key" if b"PUBLIC KEY" in pem else "no private key in PEM format"
        raise KeyProblem(f"{path} is {hint}; an Ed25519 private key (PKCS #8, PEM) is needed.") from problem
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyProblem(f"{path} is a key of another kind; an Ed25519 private key is needed.")
    return SigningKey(private)


def load_or_make(path: Path) -> tuple[SigningKey, bool]:
    """The key at ``path`` and whether it was made just now. Raises ``KeyProblem``."""
    made = False
    if not os.path.lexists(path):
        try:
            make_key(path)
            made = True
        except KeyProblem:
            # Two programs that start together: the other one was first, and its key is the key.
            if not path.exists():
                raise
    key = load_key(path)
    if not made:
        with suppress(OSError):  # a key that was brought here without its public half, perhaps read-only
            _write_public(path, key.public)
    return key, made


def load_public_key(path: Path) -> PublicKey:
    """Raises ``KeyProblem`` for a file that is missing or no Ed25519 public key."""
    pem = _read(path, "give the .pub file of the machine that sealed the evidence")
    if b"PRIVATE KEY" in pem:
        raise KeyProblem(f"{path} is a private key, which nobody should hand around: give its .pub file.")
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise KeyProblem(f"{path} is no public key in PEM format.") from problem
    if not isinstance(key, Ed25519PublicKey):
        raise KeyProblem(f"{path} is a key of another kind; an Ed25519 public key is needed.")
    return PublicKey(key.public_bytes_raw())


def machine_public_key() -> PublicKey | None:
    """The public half of this machine's own key, or None where it has none. Raises ``KeyProblem``."""
    path = default_key_path()
    if path.exists():
        return load_key(path).public
    public_path = public_key_path(path)
    return load_public_key(public_path) if public_path.exists() else None


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise KeyProblem(f"{path} does not exist: {remedy}.") from problem
    except OSError as problem:
        raise KeyProblem(f"{path} cannot be read: {problem.strerror or problem}") from problem


def _write_public(path: Path, key: PublicKey) -> None:
    with suppress(FileExistsError):  # a program that started together with this one was first
        _create(public_key_path(path), key.pem, 0o644)


def _create(path: Path, data: bytes, mode: int) -> None:
    """Write a whole new file or none: linking fails where somebody else was first, and never shows half a key."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    file = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.link(staged, path)
    finally:
        staged.unlink(missing_ok=True)
