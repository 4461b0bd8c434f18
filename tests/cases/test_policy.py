"""What a city decided, where it cannot hold."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cases.life import State
from cases.policy import Deadline
from cases.working_time import WorkingTime
from tests.cases.office import POLICY, Office


def test_a_deadline_that_never_comes_refuses_no_event(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    calendar = WorkingTime(POLICY.zone, ((),) * 7)
    office.desk.policy = replace(
        POLICY,
        working_time=calendar,
        unconfirmed=frozenset({"overflowing_bin"}),
        deadlines={"road_vending": Deadline(timedelta(hours=2), working=False)},
    )
    case = office.arrive(1)
    assert (case.state, case.due_at) == (State.DISPATCHED, None)
    assert "a case of overflowing_bin has no deadline" in caplog.text
    assert office.desk.policy.due("road_vending", office.clock.now) == office.clock.now + timedelta(hours=2)
