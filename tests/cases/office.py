"""A city's office: its cases in a real database, its clock in the test's hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from cases.arrivals import arrive
from cases.case import Case
from cases.desk import Actor, Desk
from cases.home import home_of
from cases.life import Action, Role
from cases.policy import Deadline, Policy
from cases.queries import Whole, whole
from cases.responsibility import Assignment, Grid
from cases.store.tables import cases
from cases.store.writer import Writer
from tests.cases.stores import Clock, event

WORKER = Actor("worker-1", Role.POLICY)
LI, WANG, CHEN = Actor("li", Role.OPERATOR), Actor("wang", Role.DISPATCHER), Actor("chen", Role.HANDLER)
GRID = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"cell": "S-17", "street": "Zhongshan Lu", "district": "Siming"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[118.08, 24.47], [118.1, 24.47], [118.1, 24.49], [118.08, 24.49], [118.08, 24.47]]],
            },
        }
    ],
}
POLICY = Policy(
    grid=Grid.of(GRID),
    assignments=(Assignment("sanitation", types=frozenset({"overflowing_bin"})), Assignment("urban management")),
    otherwise=Deadline(timedelta(hours=4)),
    receivers={"platform": frozenset()},
)


@dataclass
class Office:
    engine: Engine
    writer: Writer
    desk: Desk
    clock: Clock

    def do(self, work: Callable[[Any], Any]) -> Any:
        return self.writer.do(work)

    def arrive(self, *args: Any, **how: Any) -> Case:
        return self.do(lambda tx: arrive(tx, self.desk, event(*args, **how), WORKER)).case

    def act(self, case: Case, action: Action, who: Actor, reason: str = "", **said: Any) -> Case:
        return self.do(lambda tx: self.desk.act(tx, self.desk.case(tx, case.id), action, who, reason, **said))

    def case(self, case: Case) -> Case:
        return self.do(lambda tx: self.desk.case(tx, case.id))

    def find(self, violation_id: str) -> Case:
        return self.do(lambda tx: self.desk.case(tx, home_of(tx, violation_id)))

    def history(self, case: Case) -> list[dict[str, Any]]:
        return list(self.whole(case).changes)

    def whole(self, case: Case) -> Whole:
        return self.do(lambda tx: whole(tx, self.desk.case(tx, case.id)))

    def count(self) -> int:
        return self.do(lambda tx: tx.execute(select(func.count()).select_from(cases)).scalar())
