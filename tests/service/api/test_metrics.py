"""What the service has to do, in figures."""

from tests.cases.stores import event
from tests.service.api.served import Served
from tests.service.api.test_evidence_interface import give, jpeg


def test_figures_say_what_waits(served: Served) -> None:
    served.push(event(1))
    served.push(event(2, place=(24.0, 118.0, 5.0)))
    give(served, jpeg())
    lines = served.ask(None, "GET", "/metrics").text.splitlines()
    assert 'streetorder_open_cases{state="new"} 2.0' in lines
    assert 'streetorder_messages{receiver="platform",state="waiting"} 2.0' in lines
    assert "streetorder_missing_copies 1.0" in lines
    assert "streetorder_waiting_changes 0.0" in lines
