"""What the service has to do, in figures for Prometheus."""

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from cases.life import OPEN
from cases.store.tables import cases, evidence, outbox
from service.api.office import Office

router = APIRouter(tags=["health"])


class OfficeCollector(Collector):
    """Counts what waits; indexes answer, however many cases there are."""

    def __init__(self, office: Office):
        self._office = office

    def collect(self) -> Iterator[GaugeMetricFamily]:
        writing = self._office.writer.waiting
        yield GaugeMetricFamily("streetorder_waiting_changes", "Changes that wait to be written.", value=writing)
        missing = select(func.count()).where(evidence.c.copy_wanted.is_(True))
        states = select(cases.c.state, func.count()).where(cases.c.state.in_([s.value for s in OPEN]))
        told = select(outbox.c.receiver, outbox.c.state, func.count()).where(outbox.c.state.in_(["waiting", "dead"]))
        with self._office.engine.connect() as tx:
            copies = tx.execute(missing).scalar_one()
            yield GaugeMetricFamily("streetorder_missing_copies", "Evidence without a copy to show.", value=copies)
            open_ = GaugeMetricFamily("streetorder_open_cases", "Cases that are not over.", labels=["state"])
            for state, count in tx.execute(states.group_by(cases.c.state)):
                open_.add_metric([state], count)
            yield open_
            text = "Messages that are not delivered: waiting, dead."
            messages = GaugeMetricFamily("streetorder_messages", text, labels=["receiver", "state"])
            for receiver, state, count in tx.execute(told.group_by(outbox.c.receiver, outbox.c.state)):
                messages.add_metric([receiver, state], count)
            yield messages


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Numbers only: no case, no place, no name but the receivers'."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OfficeCollector(request.app.state.office))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
