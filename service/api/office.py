"""What the service works with: the store, its writer, the desk, and the ways out."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine

from cases.belonging import belong_together
from cases.desk import Desk
from cases.dispatch.delivery import Delivery
from cases.dispatch.feedback import Asked
from cases.dispatch.sender import Sender
from cases.evidence_store import EvidenceProblem, EvidenceStore, open_evidence
from cases.policy import Policy
from cases.store.engine import open_store
from cases.store.writer import Writer
from service.city_book import CityBook

T = TypeVar("T")


@dataclass
class Office:
    """``open`` begins it, ``close`` ends it in the order of flow. allowed: hosts and networks that may be private.
    store_id: of the database.
    asked: receivers that can be asked what they have done. city: cameras and zones, None without a city file.
    """

    engine: Engine
    writer: Writer
    desk: Desk
    evidence: EvidenceStore
    clock: Callable[[], datetime]
    store_id: str
    allowed: frozenset[str] = frozenset()
    deliveries: list[Delivery] = field(default_factory=list)
    asked: Mapping[str, Asked] = field(default_factory=dict)
    city: CityBook | None = None
    closing: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def open(
        cls,
        url: str,
        evidence: str,
        policy: Policy,
        senders: Mapping[str, Sender] | None = None,
        asked: Mapping[str, Asked] | None = None,
        city: CityBook | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        allowed: frozenset[str] = frozenset(),
    ) -> "Office":
        """Raises ``StoreProblem``, ``EvidenceProblem``."""
        kept = open_evidence(evidence)
        engine = open_store(url)
        writer = Writer(engine)
        try:
            store_id = belong_together(writer, kept)
        except EvidenceProblem:
            writer.close()
            engine.dispose()
            raise
        office = cls(engine, writer, Desk(policy, clock), kept, clock, store_id, allowed, asked=asked or {}, city=city)
        office.deliveries = [Delivery(name, s, engine, writer, clock) for name, s in (senders or {}).items()]
        for delivery in office.deliveries:
            delivery.start()
        return office

    def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` finds; blocks, so the event loop asks a thread for it."""
        with self.engine.connect() as tx:
            return work(tx)

    def close(self) -> None:
        self.closing.set()
        for delivery in self.deliveries:
            delivery.stop()
        for delivery in self.deliveries:
            delivery.close()
        self.writer.close()
        self.engine.dispose()
