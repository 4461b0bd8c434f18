"""From the command's words to a service that answers, and to its end."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from sqlalchemy import func, insert, select

from cases.desk import new_id
from cases.dispatch.delivery import to_nobody
from cases.evidence_store import EvidenceProblem
from cases.life import Role
from cases.store.engine import StoreProblem
from cases.store.tables import api_keys, people
from service.api.access import SCOPES, Access, make_key
from service.api.app import make_app
from service.api.office import Office
from service.caretaker import Caretaker
from service.city import CityFileError
from service.city_book import CityBook
from service.commands.failing import NOT_WRITTEN, fail
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
    log_json: bool
    home: Path


def serve_cases(options: Options) -> None:
    """Until SIGTERM or Ctrl-C; then in the order of flow. Fails plainly for what a person can mend."""
    configure_logs(options.log_json)
    try:
        handling = load_handling(options.handling)
        office = _open(options, handling)
    except (HandlingFileError, ReceiverProblem, CityFileError) as problem:
        fail(str(problem))
    except (StoreProblem, EvidenceProblem) as problem:
        fail(str(problem), NOT_WRITTEN)
    for name, count in office.read(lambda tx: to_nobody(tx, office.desk.policy.receivers)).items():
        _log.warning("messages for a receiver that the handling file does not name", receiver=name, messages=count)
    _first_key(office, options.home)
    signing, _ = load_or_make(default_key_path())
    caretaker = Caretaker(office, timedelta(days=handling.keep_days), signing)
    caretaker.start()
    told = options.store, options.evidence, options.model, options.log_json
    copies = CopyProcess(*told) if options.copies else None
    try:
        with _listening(options.host, options.port) as listening:
            config = uvicorn.Config(
                make_app(office, Access(office.engine)), log_config=None, access_log=False, timeout_graceful_shutdown=5
            )
            server = uvicorn.Server(config)
            address = f"http://{options.host}:{listening.getsockname()[1]}"
            _log.info("serving", address=address, store=_shown(options.store), evidence=options.evidence)
            stopping = threading.Event()

            def stop(*_: object) -> None:
                stopping.set()
                office.closing.set()

            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, stop)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="http")
            thread.start()
            try:
                while thread.is_alive() and not stopping.wait(0.2):
                    if copies is not None:
                        copies.watch()
            finally:
                server.should_exit = True
                thread.join()
    finally:
        if copies is not None:
            copies.close()
        caretaker.close()
        office.close()
    _log.info("stopped in order")


def _open(options: Options, handling: Handling) -> Office:
    policy, out = handling.policy(), handling.ways(f"urn:streetorder:{socket.gethostname()}")
    city = None if options.cameras is None else CityBook(options.cameras)
    if city is not None:
        city.read()
    allowed = frozenset(handling.allowed_addresses)
    return Office.open(options.store, options.evidence, policy, out.senders, out.asked, city, allowed=allowed)


def _first_key(office: Office, home: Path) -> None:
    """A new store has nobody who may do anything: an administrator's key is made, into a file that only we can read."""
    path = home / "admin.key"

    def work(tx):  # type: ignore[no-untyped-def]
        if tx.execute(select(func.count()).select_from(api_keys)).scalar():
            return False
        row: dict[str, Any] = {
            "id": new_id(),
            "name": "admin",
            "role": Role.ADMIN.value,
            "department": None,
            "active": True,
        }
        tx.execute(insert(people), row | {"created_at": office.clock()})
        key = make_key(tx, "first", list(SCOPES), row["id"], office.clock())[1]
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
        fail(f"--listen {host}:{port}: {os.strerror(error.errno) if error.errno else error}; name another port")
    with listening:
        yield listening


def _shown(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string()
