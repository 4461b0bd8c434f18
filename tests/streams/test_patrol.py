"""The patrol's timetable: nobody is forgotten, nobody is early, and what was seen brings the next visit forward."""

import itertools
import random
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from streams.patrol import Timetable


class Town:
    """Slots that take visits in turn under a clock that is moved by hand."""

    def __init__(self, cameras: int, every_s: float, seed: int = 0):
        self.now_s = 0.0
        self.table = Timetable(lambda: self.now_s, random.Random(seed))
        for n in range(cameras):
            self.table.add(f"cam{n:04}", every_s)
        self.begun: dict[str, list[float]] = defaultdict(list)

    def run(self, slots: int, visit_s: float, until_s: float, come_back=lambda _: None) -> None:
        busy: list[tuple[float, str]] = []
        while self.now_s < until_s:
            for ends_s, camera_id in [b for b in busy if b[0] <= self.now_s]:
                busy.remove((ends_s, camera_id))
                self.table.done(camera_id, come_back(camera_id))
            while len(busy) < slots:
                camera_id = self._take()
                if camera_id is None:
                    break
                self.begun[camera_id].append(self.now_s)
                busy.append((self.now_s + visit_s, camera_id))
            self.now_s += 0.5

    def _take(self) -> str | None:
        first = self.table._first()
        if first is None or first.due_s > self.now_s:
            return None
        return self.table.take()


def test_with_room_every_camera_is_visited_on_the_second():
    town = Town(200, 300)
    town.run(slots=10, visit_s=6, until_s=3000)
    for begun in town.begun.values():
        assert len(begun) in (9, 10)
        assert all(abs(after - before - 300) <= 6 for before, after in itertools.pairwise(begun))
    assert town.table.error.quantile(0.95) <= 6
    assert town.table.error.visits == sum(map(len, town.begun.values()))


def test_with_too_few_connections_all_are_late_alike():
    town = Town(200, 300)
    town.run(slots=2, visit_s=6, until_s=6000)
    counts = [len(begun) for begun in town.begun.values()]
    assert len(counts) == 200
    assert max(counts) - min(counts) <= 1
    assert sum(counts) >= 0.98 * 2 * 6000 / 6.5


def test_what_was_seen_brings_the_next_visit_forward_and_the_round_goes_on():
    town = Town(20, 300)
    seen = {"cam0003": iter([60.0, 90.0])}
    town.run(
        slots=5, visit_s=6, until_s=1500,
        come_back=lambda camera_id: next(seen.get(camera_id, iter(())), None),
    )  # fmt: skip
    first, second, third, *rest = town.begun["cam0003"]
    assert 65 <= second - first <= 67
    assert 95 <= third - second <= 97
    regular = [first, *rest]
    assert all(abs((t - first) % 300) < 7 or abs((t - first) % 300) > 293 for t in regular)
    assert town.table.brought_forward == 2


def test_one_that_is_removed_while_it_is_visited_does_not_come_back():
    town = Town(1, 100)
    town.now_s = 100.0
    assert town.table.take() == "cam0000"
    assert town.table.due_in_s("cam0000") is None
    town.table.remove("cam0000")
    town.table.done("cam0000", 1.0)
    assert town.table._first() is None
    assert town.table.take(lambda: True) is None


@given(st.integers(0, 1000), st.integers(1, 40), st.integers(1, 5))
def test_no_camera_is_ever_visited_twice_at_a_time_or_forgotten(seed, cameras, slots):
    town = Town(cameras, 60, seed)
    chance = random.Random(seed)
    town.run(
        slots, visit_s=4, until_s=700,
        come_back=lambda _: chance.choice([None, 5.0, 30.0, 500.0]),
    )  # fmt: skip
    for begun in town.begun.values():
        assert all(after - before >= 4 for before, after in itertools.pairwise(begun))
    assert len(town.begun) == cameras
