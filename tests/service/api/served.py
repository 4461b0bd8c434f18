"""The interface on a real socket, with people who may do different things."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from sqlalchemy import insert

from cases.desk import new_id
from cases.life import Role
from cases.store.tables import people
from service.api.access import SCOPES, Access, make_key
from service.api.app import make_app
from service.api.office import Office
from tests.cases.office import POLICY
from tests.cases.stores import Clock

PROGRAM = ("push", "read")
DESK = ("read", "act", "evidence")


@dataclass
class Served:
    """keys: by name of who asks."""

    office: Office
    clock: Clock
    url: str
    keys: Mapping[str, str]
    access: Access

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"}

    def forget_keys(self) -> None:
        """As after some seconds."""
        self.access._known.clear()

    def ask(self, who: str | None, method: str, path: str, json: Any = None, **how: Any) -> httpx.Response:
        headers = how.pop("headers", {}) | ({"Authorization": f"Bearer {self.keys[who]}"} if who else {})
        return httpx.request(method, f"{self.url}{path}", json=json, headers=headers, timeout=30, **how)

    def push(self, event: Any, who: str = "worker") -> httpx.Response:
        return self.ask(who, "POST", "/api/v1/events", event.to_dict())


@contextmanager
def serving(url: str, evidence: str, allowed: frozenset[str] = frozenset()) -> Iterator[Served]:
    clock = Clock()
    office = Office.open(url, evidence, POLICY, clock=clock, allowed=allowed)
    keys, access = office.writer.do(lambda tx: _keys(tx, clock)), Access(office.engine, utc=clock)
    server = uvicorn.Server(uvicorn.Config(make_app(office, access), host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(office, clock, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", keys, access)
    finally:
        server.should_exit = True
        thread.join()
        office.close()


def _keys(tx: Any, clock: Clock) -> dict[str, str]:
    """A program, and a person of each role; chen handles for the department of sanitation."""
    programs = {"worker": "worker-1", "rival": "worker-2"}
    keys = {who: make_key(tx, name, list(PROGRAM), None, clock.now)[1] for who, name in programs.items()}
    for name, role, department, scopes in (
        ("li", Role.OPERATOR, None, DESK),
        ("wang", Role.DISPATCHER, None, DESK),
        ("chen", Role.HANDLER, "sanitation", DESK),
        ("audit", Role.AUDITOR, None, ("read", "audit")),
        ("root", Role.ADMIN, None, tuple(SCOPES)),
    ):
        person = {"id": new_id(), "name": name, "role": role.value, "department": department}
        tx.execute(insert(people), person | {"active": True, "created_at": clock.now})
        keys[name] = make_key(tx, name, list(scopes), person["id"], clock.now)[1]
    return keys
