"""What an attacker would try. ``python -m tests.service.api.attacks`` tries it all and shows what came of it."""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from structlog.testing import capture_logs

from cases.evidence import piece
from tests.cases.receiver import Receiver
from tests.cases.stores import event, made_url
from tests.service.api.served import Served, serving

JPEG = b"\xff\xd8\xff\xe0 a picture"
FILE = {"file": ("x.jpg", JPEG)}
CASES, EVENTS = "/api/v1/cases", "/api/v1/events"
SCRIPT = "<script>alert(1)</script>"


@dataclass
class Scene:
    """A service with one case, one sealed picture, and somebody who wants in. redirect: a page that leads inside."""

    served: Served
    case: str
    violation: str
    picture: str
    evidence: Path
    redirect: Receiver

    def ask(self, who: str | None, method: str, path: str, json: Any = None, **how: Any) -> httpx.Response:
        return self.served.ask(who, method, path, json, **how)

    def give(self, data: bytes, name: str = "x.jpg", kind: str = "trigger") -> httpx.Response:
        about = {"data": {"kind": kind}, "files": {"file": (name, io.BytesIO(data))}}
        return self.ask("worker", "POST", f"/api/v1/violations/{self.violation}/evidence", **about)

    def fetch(self, url: str) -> httpx.Response:
        path = f"/api/v1/violations/{self.violation}/evidence/url"
        return self.ask("worker", "POST", path, {"kind": "trigger", "url": url})

    def push(self, **change: Any) -> httpx.Response:
        said = event(2).to_dict()
        said["violation"] |= change
        return self.ask("worker", "POST", EVENTS, said)

    def look(self, who: str = "root", **query: str) -> httpx.Response:
        return self.ask(who, "GET", f"/api/v1/evidence/{self.picture}", params={"why": "curious"} | query)


@dataclass(frozen=True)
class Attack:
    """may: the answers that are right. silent: it is answered as any question, for nothing of it is forbidden."""

    name: str
    attempt: Callable[[Scene], httpx.Response]
    may: frozenset[int]
    silent: bool = field(default=False)


def _attack(name: str, attempt: Callable[[Scene], httpx.Response], *may: int, silent: bool = False) -> Attack:
    return Attack(name, attempt, frozenset(may), silent)


def _with_key(key: str) -> Callable[[Scene], httpx.Response]:
    return lambda s: s.ask(None, "GET", CASES, headers={"Authorization": key})


def _revoked(s: Scene) -> httpx.Response:
    made = s.ask("root", "POST", "/api/v1/keys", {"name": "leaked", "scopes": ["read"]}).json()
    s.ask("root", "DELETE", f"/api/v1/keys/{made['id']}")
    s.served.forget_keys()
    return s.ask(None, "GET", CASES, headers={"Authorization": f"Bearer {made['key']}"})


def _tampered(s: Scene) -> httpx.Response:
    for path in s.evidence.rglob("*.jpg"):
        path.write_bytes(JPEG + b" with another plate")
    return s.look(original="true")


def _endless(s: Scene) -> httpx.Response:
    return s.ask("worker", "POST", EVENTS, content=(b" " * (1 << 20) for _ in range(6)))


def _large(who: str, path: str) -> Callable[[Scene], httpx.Response]:
    """In pieces, so that nothing says how large it is."""
    begin = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n' + JPEG
    parts = {"Content-Type": "multipart/form-data; boundary=b"}

    def attempt(s: Scene) -> httpx.Response:
        there = f"/api/v1/{path.replace('VIOLATION', s.violation).replace('CASE', s.case)}"
        content = (begin if n == 0 else b"x" * (1 << 20) for n in range(20))
        return s.ask(who, "POST", there, content=content, headers=parts)

    return attempt


def _too_often(s: Scene) -> httpx.Response:
    s.served.access.rate, s.served.access.burst = 1.0, 5.0
    s.served.access._buckets.clear()
    answers = [s.ask("li", "GET", CASES) for _ in range(8)]
    s.served.access.rate, s.served.access.burst = 500.0, 1000.0
    return max(answers, key=lambda a: a.status_code)


def _filter(**query: str) -> Callable[[Scene], httpx.Response]:
    return lambda s: s.ask("li", "GET", CASES, params=query)


def _raw(content: bytes) -> Callable[[Scene], httpx.Response]:
    json = {"Content-Type": "application/json"}
    return lambda s: s.ask("worker", "POST", EVENTS, content=content, headers=json)


def _address(url: str) -> Callable[[Scene], httpx.Response]:
    return lambda s: s.fetch(url)


def _asks(who: str | None, method: str, path: str, json: Any = None, **how: Any) -> Callable[[Scene], httpx.Response]:
    """path: with the case and the picture in it."""
    return lambda s: s.ask(who, method, path.replace("CASE", s.case).replace("PICTURE", s.picture), json, **how)


def _gives(data: bytes, name: str = "x.jpg", kind: str = "trigger") -> Callable[[Scene], httpx.Response]:
    return lambda s: s.give(data, name, kind)


def _pushes(**change: Any) -> Callable[[Scene], httpx.Response]:
    return lambda s: s.push(**change)


def _looks(who: str, **query: str) -> Callable[[Scene], httpx.Response]:
    return lambda s: s.look(who, **query)


STATISTICS, FIRST_DAY = "/api/v1/statistics/summary", {"first": "0001-01-01", "last": "9999-12-31"}
FIRST_TIME = {"end_date": "0001-01-01T00:00:00+14:00"}
ACTIONS, LOOK, OPEN311 = f"{CASES}/CASE/actions", "/api/v1/evidence/", "/open311/v2/requests.json"
CURIOUS = {"why": "curious"}
OTHERS = f"/api/v1/violations/{event(9).id}/evidence"
FILED = {"service_code": "overflowing_bin", "lat": "24", "long": "118"}
ATTACKS = [
    _attack("no key", _asks(None, "GET", CASES), 401),
    _attack("a key that is none", _with_key("Bearer so_guessed"), 401),
    _attack("a key as another scheme", _with_key("Basic YWRtaW46YWRtaW4="), 401),
    _attack("a key that was revoked", _revoked, 401),
    _attack("a program changes a case", _asks("worker", "POST", ACTIONS, {"action": "accept"}), 403),
    _attack("an operator pushes", _asks("li", "POST", EVENTS, event(2).to_dict()), 403),
    _attack("an operator makes a key", _asks("li", "POST", "/api/v1/keys", {"name": "x", "scopes": ["admin"]}), 403),
    _attack("an operator reads who looked", _asks("li", "GET", "/api/v1/looks"), 403),
    _attack("an operator takes an original", _looks("li", original="true"), 403),
    _attack("an operator removes a camera", _asks("li", "DELETE", "/api/v1/cameras/gate"), 403),
    _attack("an auditor takes a picture", _looks("audit"), 403),
    _attack("a handler of another department", _asks("chen", "POST", ACTIONS, {"action": "note"}), 403),
    _attack("a handler reads another department's", _asks("chen", "GET", f"{CASES}/CASE"), 403),
    _attack("looking without a reason", _asks("root", "GET", f"{LOOK}PICTURE"), 422),
    _attack("a path out of the evidence", _asks("root", "GET", f"{LOOK}..%2F..%2Fetc%2Fpasswd", params=CURIOUS), 404),
    _attack("a path out of the interface", _asks("root", "GET", "/api/v1/../../etc/passwd"), 404),
    _attack("a path as a case", _asks("root", "GET", f"{CASES}/..%5C..%5Cwindows"), 404),
    _attack("a path as the name of a file", _gives(JPEG, "../../../etc/cron.d/x.jpg"), 422),
    _attack("a path as a camera", _pushes(camera_id="../../etc"), 422),
    _attack("a script as a camera", _pushes(camera_id=SCRIPT), 422),
    _attack("a script as a name", _asks("root", "POST", "/api/v1/people", {"name": SCRIPT, "role": "operator"}), 422),
    _attack("a script as a picture", _gives(f"<html>{SCRIPT}".encode()), 415),
    _attack("a drawing with a script", _gives(f"<svg onload='x'>{SCRIPT}</svg>".encode(), "x.svg"), 415),
    _attack("a program as a picture", _gives(b"MZ\x90\x00\x03"), 415),
    _attack("nothing as a picture", _gives(b""), 415),
    _attack("evidence of no kind", _gives(JPEG, kind="../x"), 422),
    _attack(
        "evidence of another's violation", _asks("worker", "POST", OTHERS, data={"kind": "trigger"}, files=FILE), 404
    ),
    _attack("too large a body", _raw(b"[" + b" " * (5 << 20)), 413),
    _attack("a body without end", _endless, 413),
    _attack("a large file of who may not send any", _large("audit", "violations/VIOLATION/evidence"), 403),
    _attack("a large file for a case, of a program", _large("worker", "cases/CASE/evidence"), 403),
    _attack("a day before all calendars", _asks("li", "GET", STATISTICS, params=FIRST_DAY), 422),
    _attack("a time before all calendars, by Open311", _asks(None, "GET", OPEN311, params=FIRST_TIME), 400),
    _attack("a body that nests too deeply", _raw(b"[" * 200_000), 400, 422),
    _attack("a number beyond all", _raw(b'{"seq":' + b"9" * 5000 + b"}"), 400, 422),
    _attack("a text with a zero", _filter(text="a\0b"), 422, 200, silent=True),
    _attack("evidence from this machine", _address("http://127.0.0.1:22/"), 422),
    _attack("evidence from this machine, otherwise written", _address("http://2130706433/"), 422),
    _attack("evidence from this machine, IPv6", _address("http://[::ffff:127.0.0.1]/"), 422),
    _attack("evidence from the cloud's keys", _address("http://169.254.169.254/latest/meta-data/"), 422),
    _attack("evidence from the inner network", _address("http://10.0.0.1/"), 422),
    _attack("evidence from a file", _address("file:///etc/passwd"), 422),
    _attack("evidence with a password", _address("http://admin:admin@example.com/"), 422),
    _attack("evidence that leads inside", lambda s: s.fetch(s.redirect.url), 422),
    _attack("changed evidence", _tampered, 409),
    _attack("SQL as a text", _filter(text="' OR 1=1 --"), 200, silent=True),
    _attack("SQL as a district", _filter(district="x'; DROP TABLE cases; --"), 200, silent=True),
    _attack("SQL as a type", _filter(key="x' OR '1'='1"), 422),
    _attack("SQL as an order", _filter(order="number; DROP TABLE cases"), 422),
    _attack("SQL as a cursor", _filter(cursor="IjsgRFJPUCBUQUJMRSBjYXNlczsi"), 400),
    _attack("SQL as an id", _asks("li", "GET", f"{CASES}/x' OR '1'='1"), 404),
    _attack("SQL by Open311", _asks(None, "GET", OPEN311, params={"service_request_id": "1 OR 1=1"}), 400),
    _attack("Open311 without a key", _asks(None, "POST", OPEN311, data=FILED), 403),
    _attack("too many questions", _too_often, 429),
]


@contextmanager
def scene(folder: Path, kind: str = "sqlite") -> Iterator[Scene]:
    evidence, redirect = folder / "evidence", Receiver()
    redirect.leads_to = "http://169.254.169.254/latest/meta-data/"
    # Only the page that leads inside may be asked for, not where it leads to.
    allowed = frozenset({f"127.0.0.1:{redirect.server.server_port}"})
    with made_url(kind, folder) as url, serving(url, str(evidence), allowed) as served:
        case = served.push(event(1, key="road_vending")).json()["case_id"]
        found = Scene(served, case, event(1).id, "", evidence, redirect)
        found.picture = found.give(JPEG).json()["id"]
        yield found
    redirect.close()


def whole(s: Scene) -> bool:
    """Whether everything is as it was: one case, one picture, nothing beside the evidence's folder."""
    cases = s.ask("li", "GET", CASES).json()["cases"]
    with s.served.office.engine.connect() as tx:
        sealed = piece(tx, s.picture).sha256
    return [c["id"] for c in cases] == [s.case] and cases[0]["state"] == "new" and len(sealed) == 64


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as s:
        for attack in ATTACKS:
            with capture_logs() as log:
                status = attack.attempt(s).status_code
            logged = any(line["event"] in ("refused", "evidence was changed") for line in log)
            right = status in attack.may and logged != attack.silent and whole(s)
            print(f"{'refused' if right else 'WRONG':8} {status} {'logged' if logged else '':6} {attack.name}")


if __name__ == "__main__":
    main()
