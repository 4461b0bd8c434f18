"""The same recording, scored as a file and served live over RTSP, gives the same violations."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from streams.simulator.simulator import Simulator
from tests.command_line import camera, city_file, looked, streetorder
from tests.scenery import Thing, street
from tests.service.live_worker import working
from vision.boxes import iou
from vision.journal import Journal
from vision.records import Violation

GOP_S = 1.0
THINGS = (
    Thing("red", (0.1, 0.4, 0.3, 0.7), 2),
    Thing("blue", (0.6, 0.4, 0.8, 0.7), 5, 22),
    Thing("green", (0.0, 0.75, 0.15, 0.95), 0, 40, (0.05, 0.0)),
)
"""One that stays, one that leaves, one that drives through."""


def found(results: Path) -> list[Violation]:
    return sorted(Journal(results / "journal.jsonl").violations(), key=lambda v: v.onset_s)


def test_live_and_from_a_file_the_same_things_are_found_at_the_same_times(tmp_path, toy_model, key):
    recording = street(tmp_path / "gate.mp4", seconds=36, gop_s=GOP_S, things=THINGS)
    files = city_file(tmp_path / "files.yaml", camera("gate", str(recording)))
    done = streetorder("score", "--cameras", files, "--out", tmp_path / "scored", "--model", toy_model)
    assert done.code == 0, done.err
    with Simulator([recording], cameras=1, loop=False) as simulator:
        city = city_file(tmp_path / "live.yaml", camera("gate", f'"{simulator.url(0)}"'))
        with working(city, tmp_path / "live", key, "--model", toy_model) as worker:
            worker.wait(lambda w: w.cameras()["gate"]["troubles"], "the recording has ended")
            assert worker.signal(signal.SIGTERM) == 0
    measured = looked("evaluate", "events", "--truth", tmp_path / "live", "--found", tmp_path / "live", "--json")
    assert json.loads(measured.out)["tp"] == 2
    scored, live = found(tmp_path / "scored"), found(tmp_path / "live")
    assert len(scored) == len(live) == 2
    later_s = live[0].onset_s - scored[0].onset_s
    for before, now in zip(scored, live, strict=True):
        assert (now.key, now.view_id, now.size) == (before.key, before.view_id, before.size)
        assert iou(np.array([before.xyxy]), np.array([now.xyxy]))[0, 0] > 0.9
        for name in ("onset_s", "confirmed_s", "cleared_s"):
            was, is_ = getattr(before, name), getattr(now, name)
            assert (was is None) == (is_ is None), name
            if was is not None:
                assert is_ - later_s == pytest.approx(was, abs=GOP_S + 0.2), name
