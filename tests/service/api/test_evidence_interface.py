"""Evidence given and looked at: checked by what it is, kept once, looked at with a reason, originals for few."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from cases.retention import delete_old
from models.detector import load_detector
from service.cli import make_app
from service.deriving import Deriving
from tests.cases.receiver import Receiver
from tests.cases.stores import event, fresh_url
from tests.service.api.served import Served, serving
from vision.keys import load_or_make


def jpeg(shade: int = 100) -> bytes:
    _, data = cv2.imencode(".jpg", np.full((90, 160, 3), shade, np.uint8))
    return data.tobytes()


def give(served: Served, data: bytes, kind: str = "trigger", name: str = "x.jpg", who: str = "worker", number: int = 1):
    id = event(number).id
    return served.ask(
        who, "POST", f"/api/v1/violations/{id}/evidence", data={"kind": kind}, files={"file": (name, io.BytesIO(data))}
    )


def test_a_picture_is_kept_once_and_looked_at_with_a_reason(served: Served) -> None:
    case = served.push(event(1)).json()["case_id"]
    kept = give(served, jpeg())
    assert kept.status_code == 201
    assert (kept.json()["media_type"], kept.json()["size"]) == ("image/jpeg", len(jpeg()))
    assert give(served, jpeg()).json()["id"] == kept.json()["id"]
    assert len(served.ask("li", "GET", f"/api/v1/cases/{case}").json()["evidence"]) == 1
    path = f"/api/v1/evidence/{kept.json()['id']}"
    assert served.ask("li", "GET", path).status_code == 422
    early = served.ask("li", "GET", path, params={"why": "review"})
    assert (early.status_code, early.headers["Retry-After"]) == (409, "10")
    assert served.ask("li", "GET", path, params={"why": "review", "original": "true"}).status_code == 403
    seen = served.ask("root", "GET", path, params={"why": "objection 2026-17", "original": "true"})
    assert (seen.content, seen.headers["X-Content-Type-Options"]) == (jpeg(), "nosniff")
    looks = served.ask("audit", "GET", "/api/v1/looks", params={"case_id": case}).json()
    assert [(look["who"], look["why"], look["original"]) for look in looks] == [("root", "objection 2026-17", True)]


def test_a_copy_that_was_changed_is_not_shown(served: Served, toy_model: Path) -> None:
    case = served.push(event(1)).json()["case_id"]
    id = give(served, jpeg()).json()["id"]
    assert Deriving(served.office.engine, served.office.evidence, load_detector(toy_model)).once() == 1
    (kept,) = served.ask("li", "GET", f"/api/v1/cases/{case}").json()["evidence"]
    seen = served.ask("li", "GET", f"/api/v1/evidence/{id}", params={"why": "review"})
    assert hashlib.sha256(seen.content).hexdigest() == kept["copy_sha256"] != kept["sha256"]
    path = f"{case}/{id}-shared-{kept['copy_sha256'][:16]}.jpg"
    served.office.evidence.put(path, io.BytesIO(jpeg()))
    with capture_logs() as logs:
        changed = served.ask("li", "GET", f"/api/v1/evidence/{id}", params={"why": "review"})
    assert (changed.status_code, changed.json()["title"]) == (409, "Evidence was changed")
    assert [log["evidence"] for log in logs if log["event"] == "evidence was changed"] == [id]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"<script>alert(1)</script>", 415),
        (b"", 415),
        (b"MZ\x90\x00", 415),
        (b"GIF89a....", 415),
        (b"\0\0\0\x18ftypheic\0\0\0\0", 415),
        (b"{ no json", 415),
        (b'{"faces": "' + b"x" * (1 << 20) + b'"}', 413),
    ],
    ids=["script", "nothing", "program", "gif", "heic", "no json", "much json"],
)
def test_what_is_no_evidence_is_refused_whatever_it_is_called(served: Served, data: bytes, status: int) -> None:
    served.push(event(1))
    assert give(served, data, name="onset.jpg").status_code == status


def test_what_retention_deleted_is_answered_with_its_tombstone_which_verifies(served: Served, tmp_path: Path) -> None:
    case = served.push(event(1)).json()["case_id"]
    kept = give(served, jpeg()).json()
    served.ask("li", "POST", f"/api/v1/cases/{case}/actions", {"action": "reject", "reason": "a permit"})
    key, office = load_or_make(tmp_path / "key" / "signing.key")[0], served.office
    served.clock.pass_(days=61)
    delete_old(office.engine, office.writer, office.evidence, timedelta(days=60), served.clock.now, key)
    gone = served.ask("li", "GET", f"/api/v1/evidence/{kept['id']}", params={"why": "review"})
    assert (gone.status_code, gone.json()["tombstone"]["sha256"]) == (410, kept["sha256"])

    stone, public = tmp_path / "gone.json", tmp_path / "key" / "signing.key.pub"
    for text, said, code in (
        (gone.text, f"genuine: evidence {kept['id']} of case {case}, deleted ", 0),
        (gone.text.replace(kept["sha256"], "0" * 64), "CHANGED", 1),
        ("[]", f"{stone}: ", 2),
        (gone.text.replace('"streetorder tombstone"', '"receipt"'), "its type is 'receipt'", 2),
    ):
        stone.write_text(text, encoding="utf-8")
        done = CliRunner().invoke(make_app("verify"), ["verify", str(stone), "--public-key", str(public)])
        assert (done.exit_code, said in done.output) == (code, True), done.output


def test_evidence_of_nothing_known_and_kinds_that_are_none_are_refused(served: Served) -> None:
    assert give(served, jpeg(), number=99).status_code == 404
    served.push(event(1))
    assert give(served, jpeg(), kind="selfie").status_code == 422
    assert give(served, jpeg(), who="audit").status_code == 403
    assert give(served, jpeg(), who="rival").status_code == 409


def test_too_much_is_not_even_read(served: Served) -> None:
    big = served.ask(
        "worker",
        "POST",
        "/api/v1/events",
        None,
        content=b"[" + b" " * (5 << 20),
        headers={"Content-Type": "application/json"},
    )
    assert (big.status_code, big.headers["Content-Type"]) == (413, "application/problem+json")

    def endless():
        for _ in range(6):
            yield b" " * (1 << 20)

    assert served.ask("worker", "POST", "/api/v1/events", None, content=endless()).status_code == 413


def test_evidence_by_url_is_fetched_only_from_where_it_may_be(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.page = jpeg(50)
    try:
        for n, (allowed, status) in enumerate(((frozenset(), 422), (frozenset({"127.0.0.1"}), 201))):
            with (
                fresh_url("sqlite", tmp_path / str(n)) as url,
                serving(url, str(tmp_path / f"e{n}"), allowed) as served,
            ):
                served.push(event(1))
                where = {"kind": "trigger", "url": receiver.url}
                answer = served.ask("worker", "POST", f"/api/v1/violations/{event(1).id}/evidence/url", where)
                assert answer.status_code == status, answer.text
    finally:
        receiver.close()


@pytest.mark.parametrize("url", ["http://..example/x", f"http://{'a' * 64}.example/x", "http://8.8.8.8/\x01"])
def test_a_url_that_is_none_is_the_askers_mistake(served: Served, url: str) -> None:
    served.push(event(1))
    where = {"kind": "trigger", "url": url}
    answer = served.ask("worker", "POST", f"/api/v1/violations/{event(1).id}/evidence/url", where)
    assert (answer.status_code, answer.json()["title"]) == (422, "Not fetched")


def test_many_at_once_are_all_taken_and_nobody_waits_for_minutes(served: Served) -> None:
    served.push(event(1))
    with ThreadPoolExecutor(40) as clients:
        answers = list(clients.map(lambda n: give(served, jpeg(n)).status_code, range(40)))
    assert answers == [201] * 40
    assert served.ask(None, "GET", "/healthz").json()["status"] == "ok"


def test_a_large_file_without_a_key_is_not_even_read(served: Served) -> None:
    served.push(event(1))
    big = b"\xff\xd8\xff" + bytes(6 << 20)
    assert give(served, big).status_code == 201
    for headers in ({}, {"Authorization": "Bearer so_guessed"}):
        path = f"{served.url}/api/v1/violations/{event(1).id}/evidence"
        answer = httpx.post(path, data={"kind": "trigger"}, files={"file": ("x.jpg", big)}, headers=headers, timeout=30)
        assert answer.status_code == 401
