"""From the command's words to a service that answers, and to its end."""

import errno
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from sqlalchemy import insert, select, update

from cases.desk import new_id
from cases.dispatch.delivery import to_nobody
from cases.evidence_store import EvidenceProblem
from cases.life import Role
from cases.store.engine import StoreProblem
from cases.store.tables import people
from service.api.access import SCOPES, Access, administrators, make_key
from service.api.app import make_app
from service.api.office import Office
from service.caretaker import Caretaker
from service.city import CityFileError
from service.city_book import CityBook
from service.commands.failing import NOT_WRITTEN, SOME_FAILED, fail
from service.copy_process import CopyProcess
from service.handling import Handling, HandlingFileError, load_handling
from service.receivers import ReceiverProblem
from service.worker.logs import configure_logs
from vision.durable import write_durably
from vision.keys import default_key_path, load_or_make

_log = structlog.get_logger("cases")


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for; see ``streetorder serve --help``."""

    store: str
    evidence: str
    handling: Path | None
    cameras: Path | None
    host: str
    port: int
    model: Path | None
    copies: bool
    new_admin_key: bool
    log_json: bool
    home: Path


def serve_cases(options: Options) -> None:
    """Until SIGTERM or Ctrl-C; then in the order of flow. Fails plainly for what a person can mend."""
    configure_logs(options.log_json)
    os.umask(os.umask(0o077) | 0o027)  # what people wrote and whom pictures show is nobody else's on this machine
    with _listening(options.host, options.port) as listening:  # before anything is made
        try:
            handling = load_handling(options.handling)
            office = _open(options, handling)
        except (HandlingFileError, ReceiverProblem, CityFileError) as problem:
            fail(str(problem))
        except (StoreProblem, EvidenceProblem) as problem:
            fail(str(problem), NOT_WRITTEN)
        for name, count in office.read(lambda tx: to_nobody(tx, office.desk.policy.receivers)).items():
            _log.warning("messages for a receiver that the handling file does not name", receiver=name, messages=count)
        _admin_key(office, options.home, options.new_admin_key)
        key_path = default_key_path()
        signing, made = load_or_make(key_path)
        if made:
            _log.info("made the key that signs tombstones: keep it safe (streetorder keys)", path=str(key_path))
        caretaker = Caretaker(office, timedelta(days=handling.keep_days), signing)
        caretaker.start()
        told = options.store, options.evidence, options.model, options.log_json
        copies = CopyProcess(*told) if options.copies else None
        try:
            address = f"http://{options.host}:{listening.getsockname()[1]}"
            said = {"address": address, "store": _shown(options.store), "evidence": options.evidence}
            _answer(office, listening, copies, said)
        finally:
            if copies is not None:
                copies.close()
            caretaker.close()
            office.close()
    _log.info("stopped in order")


def _answer(office: Office, listening: socket.socket, copies: CopyProcess | None, said: Mapping[str, str]) -> None:
    """Until a signal. said: what the log is told once signals are heeded."""
    app = make_app(office, Access(office.engine))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        office.closing.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="http")
    thread.start()
    _log.info("serving", **said)
    try:
        while thread.is_alive() and not stopping.wait(0.2):
            if copies is not None:
                copies.watch()
        if not stopping.is_set():
            fail("the service ended without being told to; the lines above say why", SOME_FAILED)
    finally:
        server.should_exit = True
        thread.join()


def _open(options: Options, handling: Handling) -> Office:
    policy, out = handling.policy(), handling.ways(f"urn:streetorder:{socket.gethostname()}")
    city = None if options.cameras is None else CityBook(options.cameras)
    if city is not None:
        city.read()
    allowed = frozenset(handling.allowed_addresses)
    return Office.open(options.store, options.evidence, policy, out.senders, out.asked, city, allowed=allowed)


def _admin_key(office: Office, home: Path, wanted: bool) -> None:
    """Where nobody could make keys, in a new store or because they all expired, and where it is wanted because they
    are lost: an administrator's key is made, into a file that only we can read.
    """
    path = home / "admin.key"
    if path.exists():  # perhaps of another database: nobody overwrites a key that works
        path = home / f"admin-{new_id()[:8]}.key"

    def work(tx):  # type: ignore[no-untyped-def]
        if administrators(tx, office.clock()) and not wanted:
            return False
        id = tx.execute(select(people.c.id).where(people.c.name == "admin")).scalar()
        known: dict[str, Any] = {"role": Role.ADMIN.value, "department": None, "active": True}
        if id is None:
            id = new_id()
            row = {"id": id, "name": "admin", "created_at": office.clock()}
            tx.execute(insert(people), row | known)
        else:
            tx.execute(update(people).where(people.c.id == id).values(**known))
        key = make_key(tx, path.stem, list(SCOPES), id, office.clock())[1]
        # Before it is committed: a key that nobody has would lock the store for good.
        home.mkdir(parents=True, exist_ok=True)
        write_durably(path, f"{key}\n".encode(), mode=0o600)
        return True

    if office.writer.do(work):
        _log.info("made an administrator's key: keep it, and make one for each person and program", path=str(path))


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
        # Else each answer waits until its head is acknowledged (40 ms): asyncio does this for its own sockets only.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        other = "another address" if error.errno == errno.EADDRNOTAVAIL else "another port"
        fail(f"--listen {host}:{port}: {os.strerror(error.errno) if error.errno else error}; name {other}")
    with listening:
        yield listening


def _shown(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string()
