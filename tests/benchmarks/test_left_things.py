"""Things put on real frames, seen by the shipped detector; ``streetorder benchmark left-things`` runs all scenarios."""

import pytest

from benchmarks.left_things import LEFT, run, things
from models.detector import load_detector

pytestmark = [pytest.mark.shared, pytest.mark.slow]
SCENARIOS = {left.name: left for left in LEFT}


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("bag left in a zone", "opencv_vtest.avi"),
        ("goods put before a door", "opencv_vtest.avi"),
        ("heap dumped at night", "opencv_vtest.avi"),
        ("shadow of a building creeps", "roadtrack_sample.mp4"),
    ],
)
def test_a_thing_on_a_real_street_is_one_case_and_light_is_none(shared, name, clip):
    found = run(SCENARIOS[name], shared / "data/videos" / clip, 1, things(shared), load_detector(None, threads=2))
    assert (found["cases"], found["cleared"], found["false"]) == (found["expected"], found["expected"], 0)
