"""Keys are made once, kept private and never overwritten; a bad key file is named, with what is wrong."""

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from vision.keys import (
    KeyProblem,
    PublicKey,
    default_key_path,
    load_key,
    load_or_make,
    load_public_key,
    machine_public_key,
    make_key,
    public_key_path,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "signing.key"


def test_a_new_key_is_readable_by_its_owner_only_and_its_public_half_by_everybody(path: Path) -> None:
    fingerprint = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_key_path(path).stat().st_mode & 0o444 == 0o444
    assert load_key(path).fingerprint == load_public_key(public_key_path(path)).fingerprint == fingerprint
    assert len(fingerprint) == 16
    assert sorted(file.name for file in path.parent.iterdir()) == ["signing.key", "signing.key.pub"]


def test_a_key_is_never_overwritten_and_neither_is_its_public_half(path: Path) -> None:
    make_key(path)
    before = path.read_bytes()
    with pytest.raises(KeyProblem, match="exists already"):
        make_key(path)
    path.unlink()
    with pytest.raises(KeyProblem, match=r"signing\.key\.pub exists already"):
        make_key(path)
    assert b"PRIVATE" in before


def test_the_first_run_makes_a_key_and_later_runs_use_it(path: Path) -> None:
    first, made = load_or_make(path)
    assert made
    again, made = load_or_make(path)
    assert not made
    assert again.public == first.public


def test_a_key_that_was_brought_without_its_public_half_gets_one(path: Path) -> None:
    make_key(path)
    public_key_path(path).unlink()
    key, _ = load_or_make(path)
    assert load_public_key(public_key_path(path)) == key.public


def test_a_signature_fits_its_message_and_its_key_only(tmp_path: Path) -> None:
    mine, _ = load_or_make(tmp_path / "mine")
    other, _ = load_or_make(tmp_path / "other")
    signature = mine.sign(b"car at the kerb")
    assert mine.public.accepts(signature, b"car at the kerb")
    assert not mine.public.accepts(signature, b"car at the curb")
    assert not other.public.accepts(signature, b"car at the kerb")


def test_the_public_key_in_a_record_is_the_middle_line_of_its_pem_file(path: Path) -> None:
    key, _ = load_or_make(path)
    assert key.public.text == public_key_path(path).read_text().splitlines()[1]
    assert PublicKey.from_text(key.public.text) == key.public
    for text in ("no base64", base64.b64encode(b"no key").decode()):
        with pytest.raises(ValueError):  # noqa: PT011 the words are those of the cryptography package
            PublicKey.from_text(text)


def test_a_signature_can_be_checked_with_openssl(path: Path, tmp_path: Path) -> None:
    key, _ = load_or_make(path)
    (tmp_path / "message").write_bytes(b"car at the kerb")
    (tmp_path / "signature").write_bytes(key.sign(b"car at the kerb"))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public_key_path(path)), "-rawin"]
    try:
        done = subprocess.run([*command, "-in", "message", "-sigfile", "signature"], cwd=tmp_path, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert done.returncode == 0, done.stderr


def test_a_key_that_others_can_read_is_refused(path: Path) -> None:
    make_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyProblem, match=r"mode 0640.*chmod 600"):
        load_key(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_named(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyProblem, match=r"signing\.key is no private key"):
        load_or_make(path)
    with pytest.raises(KeyProblem, match=r"signing\.key is"):
        load_public_key(path)


def test_private_and_public_halves_are_told_apart(path: Path) -> None:
    make_key(path)
    with pytest.raises(KeyProblem, match=r"is a private key.*give its \.pub"):
        load_public_key(path)
    public_key_path(path).chmod(0o600)
    with pytest.raises(KeyProblem, match="is a public key"):
        load_key(public_key_path(path))


def test_keys_of_another_kind_are_refused(path: Path) -> None:
    rsa = generate_private_key(public_exponent=65537, key_size=2048)
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    path.parent.mkdir()
    path.write_bytes(rsa.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none))
    path.chmod(0o600)
    with pytest.raises(KeyProblem, match="another kind"):
        load_key(path)
    path.write_bytes(rsa.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyProblem, match="another kind"):
        load_public_key(path)


def test_a_key_with_a_password_is_refused(path: Path) -> None:
    key, _ = load_or_make(path)
    locked = serialization.BestAvailableEncryption(b"secret")
    path.write_bytes(key.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(KeyProblem, match="password"):
        load_key(path)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="does not exist"):
        load_key(tmp_path / "nowhere")
    with pytest.raises(KeyProblem, match=r"cannot be read: Is a directory"):
        load_or_make(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(KeyProblem, match="cannot be made"):
        make_key(tmp_path / "file" / "signing.key")


def test_the_environment_says_where_the_key_lies(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREETORDER_KEY", str(path))
    assert default_key_path() == path
    assert machine_public_key() is None
    key, _ = load_or_make(default_key_path())
    assert machine_public_key() == key.public
    path.unlink()
    assert machine_public_key() == key.public  # a machine that only checks needs only the public half
    monkeypatch.delenv("STREETORDER_KEY")
    assert default_key_path().name == "signing.key"


def test_a_key_never_prints_itself(path: Path) -> None:
    key, _ = load_or_make(path)
    assert path.read_text().splitlines()[1] not in f"{key!r} {key}"
