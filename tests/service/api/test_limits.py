"""How much of an upload is taken, from whom, and how much at once."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.api import limits
from tests.cases.stores import event
from tests.service.api.served import Served
from tests.service.api.test_evidence_interface import give, jpeg

PART = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
HEAD = PART % (b"kind", b"") + b"trigger\r\n" + PART % (b"file", b'; filename="x.jpg"')
PARTS = {"Content-Type": "multipart/form-data; boundary=b"}


def pieces(megabytes: int) -> Iterator[bytes]:
    """Of an upload whose length is not said."""
    yield HEAD + jpeg()
    for _ in range(megabytes):
        yield b"x" * (1 << 20)
    yield b"\r\n--b--\r\n"


def upload(served: Served, who: str | None, path: str, content: Iterator[bytes]) -> httpx.Response:
    return served.ask(who, "POST", path, content=content, headers=PARTS)


def staged() -> int:
    """Bytes of files without a name that this process has open: what is just coming."""
    found = 0
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += file.stat().st_size if "(deleted)" in str(file.readlink()) else 0
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (None, "violations/VIOLATION/evidence", 401),
        ("audit", "violations/VIOLATION/evidence", 403),
        ("li", "violations/VIOLATION/still-there", 403),
        ("worker", "cases/CASE/evidence", 403),
    ],
)
def test_a_large_file_is_not_taken_from_who_may_not_send_it(
    served: Served, who: str | None, path: str, status: int
) -> None:
    case = served.push(event(1)).json()["case_id"]
    path = f"/api/v1/{path.replace('VIOLATION', event(1).id).replace('CASE', case)}"
    whole = served.ask(who, "POST", path, content=b"x" * (5 << 20), headers=PARTS)
    assert (whole.status_code, whole.headers["Content-Type"]) == (status, "application/problem+json")
    before, most = staged(), 0

    def watched() -> Iterator[bytes]:
        nonlocal most
        for piece in pieces(40):
            yield piece
            most = max(most, staged() - before)

    assert upload(served, who, path, watched()).status_code == status
    assert most < 8 << 20


def test_more_files_than_fit_at_once_are_asked_to_come_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in pieces counts as it comes, so that nobody can take room that he does not use."""
    monkeypatch.setattr(limits, "STAGED_BYTES", 12 << 20)
    served.push(event(1))
    path = f"/api/v1/violations/{event(1).id}/evidence"
    half, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        for n, piece in enumerate(pieces(10)):
            yield piece
            if n == 8:
                half.set()
                go_on.wait(30)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(upload, served, "worker", path, slow())
        half.wait(30)
        assert give(served, jpeg()).status_code == 201  # what is small comes in
        late = upload(served, "worker", path, pieces(11))
        assert (late.status_code, late.headers["Retry-After"]) == (503, "10")
        go_on.set()
        assert first.result().status_code == 201
    assert upload(served, "worker", path, pieces(10)).status_code == 201
