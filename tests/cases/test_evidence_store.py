"""Evidence in a folder and in S3 (a real server)."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from cases.evidence_store import Bucket, EvidenceProblem, EvidenceStore, open_evidence

CASE = "0d8f3c1e-5f0b-5a53-9c55-2f3f6f1f8a01"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3", "S3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EvidenceStore:
    if request.param == "folder":
        return open_evidence(str(tmp_path / "evidence"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    endpoint = request.getfixturevalue("s3")
    urlopen(Request(f"{endpoint}/evidence", method="PUT"), timeout=10)
    kept = open_evidence(f"{request.param}://evidence/city?endpoint={endpoint}")
    assert isinstance(kept, Bucket)
    return kept


def test_what_is_put_comes_back_until_it_is_deleted(store: EvidenceStore, tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    source.write_bytes(bytes(range(256)) * 10_000)
    for _ in range(2):
        store.put(f"{CASE}/clip.mp4", io.BytesIO(source.read_bytes()))
    assert b"".join(store.get(f"{CASE}/clip.mp4")) == source.read_bytes()
    for _ in range(2):
        store.delete(f"{CASE}/clip.mp4")
    with pytest.raises(EvidenceProblem, match=r"clip\.mp4"):
        b"".join(store.get(f"{CASE}/clip.mp4"))


def test_what_was_put_before_a_time_is_listed(store: EvidenceStore) -> None:
    paths = {f"{CASE}/{n}.jpg" for n in range(3)}
    for path in paths:
        store.put(path, io.BytesIO(b"abc"))
    assert set(store.older(datetime.now(UTC) + timedelta(minutes=1))) == paths
    assert set(store.older(datetime.now(UTC) - timedelta(minutes=1))) == set()


@pytest.mark.parametrize(
    "path", ["../secret", f"{CASE}/../x", f"{CASE}/.hidden", "/etc/passwd", f"{CASE}/a/b", f"{CASE}/a\n", ""]
)
def test_no_path_leads_out(store: EvidenceStore, path: str) -> None:
    put = partial(store.put, path, io.BytesIO(b"abc"))
    for do in (put, lambda: b"".join(store.get(path)), lambda: store.delete(path)):
        with pytest.raises(EvidenceProblem, match="no path of evidence"):
            do()


def test_a_store_that_is_away_is_said_without_its_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "verysecret")
    with pytest.raises(EvidenceProblem, match="unknown bucket"):
        open_evidence("s3://x/?bucket=y")
    (tmp_path / "file").write_text("x")
    with pytest.raises(EvidenceProblem, match="file"):
        open_evidence(str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://user:verysecret@x/y", "folder, named by its path, or in s3://bucket/prefix, not in http://"),
        ("s3:///prefix", "s3://bucket/prefix is needed"),
        ("s3://key:verysecret@bucket/prefix", "its keys come from the environment"),
    ],
)
def test_what_is_no_store_is_refused_and_made_nowhere(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EvidenceProblem, match=said) as problem:
        open_evidence(url)
    assert "verysecret" not in str(problem.value)
    assert list(tmp_path.iterdir()) == []
