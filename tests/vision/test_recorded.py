"""Recorded detections as MOTChallenge text."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.recorded import find_recorded, read_recorded
from vision.sequence_info import RecordedProblem, SequenceInfo

CAR = "motor_vehicle_parking"
KEYS = {0: "person", 2: CAR, 3: None}


def read(path: Path, text: str, default: str | None = None, size=(640, 480), fps: float | None = 10.0):
    path.write_text(text, encoding="utf-8")
    return read_recorded(path, "gate", KEYS, default, SequenceInfo(size, fps))


def test_boxes_of_a_frame_come_best_first_and_a_frame_without_is_looked_at_too(tmp_path):
    text = "3,-1,64,48,64,48,0.5,2,-1,-1\n1,-1,0,0,64,48,0.9,0\n3,-1,320,240,64,48,0.8,2\n3,-1,1,1,9,9,0.9,3\n"
    frames = list(read(tmp_path / "det.txt", text).frames())
    assert [at for at, _ in frames] == [0.0, 0.1, 0.2]
    assert [len(seen) for _, seen in frames] == [1, 0, 2]
    _, seen = frames[2]
    assert seen.score == pytest.approx([0.8, 0.5])
    assert seen.xyxy[0] == pytest.approx([0.5, 0.5, 0.6, 0.6])
    assert [seen.keys[c] for c in seen.cls] == [CAR, CAR]


def test_a_frame_in_which_nothing_was_seen_may_say_so(tmp_path):
    recorded = read(tmp_path / "det.txt", "1,-1,0,0,64,48,0.9,2\n4,-1,-1,-1,-1,-1,-1,-1,-1,-1\n")
    assert [len(seen) for _, seen in recorded.frames()] == [1, 0, 0, 0]
    assert recorded.length_s == 0.4


def test_what_a_box_without_a_class_is_has_to_be_said(tmp_path):
    with pytest.raises(RecordedProblem, match=r"det.txt:1: the class of this box is not said.*--key KEY"):
        read(tmp_path / "det.txt", "1,-1,0,0,64,48,0.9,-1,-1,-1")
    assert len(read(tmp_path / "det.txt", "1,-1,0,0,64,48,0.9,-1,-1,-1", CAR).rows) == 1
    assert len(read(tmp_path / "det.txt", "1 -1 0 0 64 48 0.9", CAR).rows) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1,-1,0,0,wide,48,0.9,2", "numbers are needed"),
        ("1,-1,0,0", "numbers are needed"),
        ("0,-1,0,0,64,48,0.9,2", "1 to 1000000000 are allowed"),
        ("inf,-1,0,0,64,48,0.9,2", "1 to 1000000000 are allowed"),
        ("1,-1,0,0,0,48,0.9,2", "some width and height"),
        ("1,-1,0,nan,64,48,0.9,2", "some width and height"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path, line, said):
    with pytest.raises(RecordedProblem, match=f"det.txt:2: .*{said}"):
        read(tmp_path / "det.txt", f"1,-1,0,0,64,48,0.9,2\n{line}\n")


def test_size_and_rate_stand_in_seqinfo_or_are_asked_for(tmp_path):
    folder = tmp_path / "K1" / "det"
    folder.mkdir(parents=True)
    with pytest.raises(RecordedProblem, match="--size"):
        read(folder / "det.txt", "1,-1,0,0,64,48,0.9,2", size=None)
    with pytest.raises(RecordedProblem, match="--fps"):
        read(folder / "det.txt", "1,-1,0,0,64,48,0.9,2", fps=None)
    (tmp_path / "K1" / "seqinfo.ini").write_text("[Sequence]\nimWidth=1920\nimHeight=1080\nframeRate=25\n")
    recorded = read(folder / "det.txt", "1,-1,0,0,64,48,0.9,2", size=None, fps=None)
    assert (recorded.size, recorded.fps) == ((1920, 1080), 25.0)
    (tmp_path / "K1" / "seqinfo.ini").write_text("[Sequence]\nimWidth=wide\n")
    with pytest.raises(RecordedProblem, match=r"seqinfo\.ini.*imHeight and frameRate"):
        read(folder / "det.txt", "1,-1,0,0,64,48,0.9,2", size=None, fps=None)


def test_names_leave_out_folders_that_say_nothing(tmp_path):
    for path in ("P/K1/data/det/yolo.txt", "P/K1/data/gt/gt.txt", "P/K2/data/det/yolo.txt", "gate.txt", "quay.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert [name for _, name in find_recorded(tmp_path)] == ["P-K1", "P-K2", "gate", "quay"]
    assert [name for _, name in find_recorded(tmp_path / "gate.txt")] == ["gate"]
    with pytest.raises(RecordedProblem, match="no detections here"):
        find_recorded(tmp_path / "P/K1/data/gt")


NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-3, 2000)


@given(st.lists(st.lists(NUMBER, min_size=5, max_size=10), max_size=8))
def test_whatever_stands_in_a_file_is_read_or_named(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("any") / "det.txt"
    text = "\n".join(",".join(str(v) for v in line) for line in lines)
    with contextlib.suppress(RecordedProblem):
        recorded = read(path, text, CAR)
        assert np.isfinite(recorded.rows).all()
        assert (np.diff(recorded.rows[:, 0]) >= 0).all()
