"""Who asks: API keys with scopes, people with roles, and how often."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPBearer
from sqlalchemy import Connection, Engine, insert, or_, select
from starlette.concurrency import run_in_threadpool

from cases.desk import Actor, new_id
from cases.life import Role
from cases.store.tables import api_keys, people
from service.api.problems import Problem

SCOPES = {
    "push": "push detections and evidence",
    "read": "read cases, statistics, cameras and zones",
    "act": "change cases",
    "evidence": "look at evidence without faces and plates",
    "originals": "look at sealed originals",
    "setup": "change cameras, zones and permits",
    "admin": "keys, people, retention, dead letters",
    "audit": "read who looked at what",
}
PREFIX = "so_"
KEY = HTTPBearer(
    scheme_name="key",
    description="An API key, `so_...`. Its scopes: " + "; ".join(f"`{name}`: {what}" for name, what in SCOPES.items()),
    auto_error=False,
)
"""For the interface's description."""
KNOWN_S = 5.0
"""For so long a key that was looked up is known: a revoked one works no longer than this."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. role: as what a person acts; None for a program."""

    name: str
    scopes: frozenset[str]
    role: Role | None
    department: str | None
    key_id: str

    def sees(self, department: str | None) -> bool:
        """Whether a case of this department is any of the caller's business: handlers see their own."""
        return self.role is not Role.HANDLER or (department is not None and self.department == department)

    @property
    def producer(self) -> Actor:
        """As whoever pushes: a program, or a person."""
        return Actor(self.name, self.role or Role.POLICY)

    @property
    def actor(self) -> Actor:
        """Raises ``Problem`` for a key that is no person's."""
        if self.role is None:
            raise Problem(403, "Not yours to do", "this key is a program's: cases are changed by people's keys")
        return Actor(self.name, self.role)


def theirs(caller: Caller, department: str | None) -> None:
    """Raises ``Problem`` for a case of another department."""
    if not caller.sees(department):
        whose = department or "no department"
        raise Problem(403, "Not yours to do", f"the case is of {whose}, not of {caller.department}")


def make_key(
    tx: Connection,
    name: str,
    scopes: list[str],
    person_id: str | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[str, str]:
    """Id and the key itself, which is nowhere kept."""
    key, id = PREFIX + secrets.token_urlsafe(32), new_id()
    row = {"id": id, "name": name, "person_id": person_id, "scopes": sorted(scopes), "digest": digest(key)}
    tx.execute(insert(api_keys), row | {"created_at": now, "expires_at": expires_at, "revoked_at": None})
    return id, key


def administrators(tx: Connection, now: datetime) -> int:
    """How many keys work that may make others."""
    k = api_keys.c
    works = (k.revoked_at.is_(None), or_(k.expires_at.is_(None), k.expires_at > now))
    theirs = or_(k.person_id.is_(None), people.c.active.is_(True))
    query = select(k.scopes).outerjoin(people, people.c.id == k.person_id).where(*works, theirs)
    return sum("admin" in row.scopes for row in tx.execute(query))


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


@dataclass
class _Bucket:
    left: float
    at: float


@dataclass
class Access:
    """rate: requests a second that one key may make in the long run; burst: how many at once."""

    engine: Engine
    rate: float = 500.0
    burst: float = 1000.0
    clock: Callable[[], float] = time.monotonic
    utc: Callable[[], datetime] = lambda: datetime.now(UTC)
    _known: dict[bytes, tuple[float, Caller | None]] = field(default_factory=dict)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at_hand(self, key: str) -> bool:
        """Whether ``caller`` would answer without asking the database."""
        at, _ = self._known.get(digest(key), (float("-inf"), None))
        return not key.startswith(PREFIX) or self.clock() - at < KNOWN_S

    def knows(self, key: str) -> bool:
        """Whether it is somebody's; may ask the database."""
        return self.whose(key) is not None

    def whose(self, key: str) -> Caller | None:
        """The same, saying whose."""
        return self._look_up(digest(key)) if key.startswith(PREFIX) else None

    def caller(self, key: str) -> Caller:
        """Raises ``Problem``: 401 for a key that is none, 429 for one that asks too often."""
        found = self.whose(key)
        if found is None:
            raise who_are_you(key)
        wait_s = self._take(found.key_id)
        if wait_s > 0:
            later = {"Retry-After": str(max(1, round(wait_s)))}
            raise Problem(429, "Too many requests", f"{self.rate:g} a second are allowed", later)
        return found

    def _look_up(self, hashed: bytes) -> Caller | None:
        now = self.clock()
        at, caller = self._known.get(hashed, (float("-inf"), None))
        if now - at < KNOWN_S:
            return caller
        with self.engine.connect() as tx:
            caller = self._read(tx, hashed)
        if len(self._known) > 10_000:  # somebody guesses
            self._known.clear()
        self._known[hashed] = now, caller
        return caller

    def _read(self, tx: Connection, hashed: bytes) -> Caller | None:
        joined = api_keys.outerjoin(people, people.c.id == api_keys.c.person_id)
        query = select(api_keys, people.c.name.label("person"), people.c.role, people.c.department, people.c.active)
        row = tx.execute(query.select_from(joined).where(api_keys.c.digest == hashed)).one_or_none()
        if row is None or row.revoked_at is not None or row.active is False:
            return None
        if row.expires_at is not None and row.expires_at <= self.utc():
            return None
        role = None if row.role is None else Role(row.role)
        return Caller(row.person or row.name, frozenset(row.scopes), role, row.department, row.id)

    def _take(self, key_id: str) -> float:
        """Seconds to wait; 0 where the request may go on."""
        now = self.clock()
        with self._lock:
            bucket = self._buckets.setdefault(key_id, _Bucket(self.burst, now))
            bucket.left = min(self.burst, bucket.left + (now - bucket.at) * self.rate)
            bucket.at = now
            if bucket.left < 1:
                return (1 - bucket.left) / self.rate
            bucket.left -= 1
        return 0.0


def who_are_you(key: str = "") -> Problem:
    """The answer to a key that is none, or to none."""
    challenge, wanted = {"WWW-Authenticate": "Bearer"}, "an API key is needed: Authorization: Bearer so_..."
    why = "this key is not known, has expired, or was revoked" if key else wanted
    return Problem(401, "Who are you?", why, challenge)


def not_in_scope(scope: str) -> Problem:
    return Problem(403, "Not yours to do", f"the scope {scope!r} is needed: {SCOPES[scope]}")


def key_of(authorization: str) -> str:
    """The key of a header; empty where it holds none."""
    kind, _, key = authorization.partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def may(scope: str) -> Callable[..., Caller]:
    """A dependency: the caller, who has this scope."""

    async def check(request: Request, _: Annotated[object, Security(KEY)]) -> Caller:
        access: Access = request.app.state.access
        key = key_of(request.headers.get("Authorization", ""))
        caller = access.caller(key) if access.at_hand(key) else await run_in_threadpool(access.caller, key)
        request.state.who = caller.name
        if scope not in caller.scopes:
            raise not_in_scope(scope)
        return caller

    return check  # type: ignore[return-value]


Pusher = Annotated[Caller, Security(may("push"), scopes=["push"])]
Reader = Annotated[Caller, Security(may("read"), scopes=["read"])]
CaseWorker = Annotated[Caller, Security(may("act"), scopes=["act"])]
Setter = Annotated[Caller, Security(may("setup"), scopes=["setup"])]
Admin = Annotated[Caller, Security(may("admin"), scopes=["admin"])]
Auditor = Annotated[Caller, Security(may("audit"), scopes=["audit"])]
Looker = Annotated[Caller, Security(may("evidence"), scopes=["evidence"])]
