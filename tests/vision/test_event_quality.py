import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.evaluation.accounts import AccountProblem, read_both
from vision.evaluation.event_figures import figures
from vision.evaluation.event_matching import match
from vision.evaluation.happening import Account, Happening

KEYS = frozenset({"motor_vehicle_parking", "overflowing_bin"})
HERE, THERE = (0.1, 0.1, 0.3, 0.3), (0.6, 0.6, 0.8, 0.8)


def true(onset, cleared=None, box=None, camera="a", key="motor_vehicle_parking"):
    return Happening(camera, key, onset, cleared, None, box)


def found(onset, cleared=None, reported=None, box=None, camera="a", key="motor_vehicle_parking"):
    return Happening(camera, key, onset, cleared, onset + 30 if reported is None else reported, box)


def counts(truths, founds, **options):
    m = match(truths, founds, **options)
    return len(m.pairs), len(m.missed), len(m.duplicates), len(m.false)


def test_one_thing_found_once():
    assert counts([true(100, 400)], [found(102, 398)]) == (1, 0, 0, 0)


def test_a_second_report_of_one_thing_is_a_duplicate_and_no_false_alarm():
    assert counts([true(100, 400)], [found(102, 200), found(250, 398)]) == (1, 0, 1, 0)


def test_what_shows_nothing_true_is_a_false_alarm():
    assert counts([true(100, 400)], [found(500, 600)]) == (0, 1, 0, 1)


def test_cameras_and_types_are_matched_by_themselves():
    founds = [found(100, 400, camera="b"), found(100, 400, key="overflowing_bin")]
    assert counts([true(100, 400)], founds) == (0, 1, 0, 2)


def test_neighbours_at_the_same_time_are_told_apart_by_their_boxes():
    truths = [true(100, 400, HERE), true(100, 400, THERE)]
    m = match(truths, [found(101, 400, box=THERE), found(101, 400, box=HERE)])
    assert [(a.xyxy, b.xyxy) for a, b in m.pairs] == [(THERE, THERE), (HERE, HERE)]


def test_another_box_at_the_same_time_is_a_false_alarm():
    assert counts([true(100, 400, HERE)], [found(101, 400, box=THERE)]) == (0, 1, 0, 1)


def test_as_many_pairs_as_possible():
    # The first true one meets both found ones, the second only the first: greedy by nearness would lose one.
    truths = [true(100, 400), true(350, 360)]
    assert counts(truths, [found(101, 355), found(300, 349)]) == (2, 0, 0, 0)


def test_slack_lets_events_meet_that_just_fail_to():
    assert counts([true(100, 200)], [found(205, 300)]) == (0, 1, 0, 1)
    assert counts([true(100, 200)], [found(205, 300)], slack_s=5) == (1, 0, 0, 0)


happenings = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 100), st.sampled_from("ab"), st.sampled_from([None, HERE, THERE])),
    max_size=8,
)


@given(happenings, happenings)
def test_everything_is_counted_once(truths, founds):
    t = [true(a, a + d, box, c) for a, d, c, box in truths]
    f = [found(a, a + d, box=box, camera=c) for a, d, c, box in founds]
    pairs, missed, duplicates, false = counts(t, f)
    assert pairs + missed == len(t)
    assert pairs + duplicates + false == len(f)
    assert counts(t, f) == counts(t[::-1], f[::-1])


def test_figures():
    outage = ("a", 150.0, 190.0)
    account = Account((), (outage,), (("a", 0.0, 43_200.0), ("b", 0.0, 43_200.0)))
    m = match([true(100, 400), true(1000, 1100)], [found(110, 150), found(200, 390), found(5000, 5100), found(7000)])
    d = figures(m, account).to_dict()
    assert (d["tp"], d["missed"], d["fp"], d["duplicates"]) == (1, 1, 2, 1)
    assert (d["precision"], d["recall"], d["f1"]) == (0.3333, 0.5, 0.4)
    assert (d["delay_p50_s"], d["delay_p95_s"]) == (40.0, 40.0)
    assert d["fa_per_camera_day"] == 2.0
    assert (d["outages_spanned"], d["fragmented"]) == (1, 1)
    assert d["clearing_error_p50_s"] == 250.0


def test_nothing_said_where_nothing_is_known():
    d = figures(match([], []), Account(())).to_dict()
    assert (d["precision"], d["recall"], d["f1"], d["delay_p50_s"], d["fa_per_camera_day"]) == (None,) * 5


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def line(**changes):
    v = {
        "camera_id": "a", "key": "motor_vehicle_parking", "onset": "2026-03-01T08:00:00.000Z",
        "confirmed_at": "2026-03-01T08:05:00.000Z", "cleared_at": None, "onset_s": 10.0, "confirmed_s": 310.0,
        "cleared_s": None, "xyxy": [64, 36, 192, 108], "size": [640, 360],
    }  # fmt: skip
    return json.dumps(v | changes) + "\n"


def test_a_table_of_seconds_and_our_lines(tmp_path):
    truth = write(
        tmp_path / "truth.csv",
        "camera,key,onset,cleared,x1,y1,x2,y2,width,height\n"
        "a,motor_vehicle_parking,8.5,,64,36,192,108,640,360\n"
        "a,outage,100,130,,,,,,\n"
        "a,observed,0,3600,,,,,,\n",
    )
    true_ones, said = read_both(truth, write(tmp_path / "violations.jsonl", line()), KEYS)
    assert true_ones.happenings[0].onset_s == 8.5
    assert true_ones.happenings[0].xyxy == said.happenings[0].xyxy == (0.1, 0.1, 0.3, 0.3)
    assert true_ones.outages == (("a", 100.0, 130.0),)
    assert true_ones.observed == (("a", 0.0, 3600.0),)
    assert said.happenings[0].reported_s == 310.0


def test_a_table_of_dates_and_our_lines(tmp_path):
    truth = write(tmp_path / "t.csv", "camera,key,onset,cleared\na,motor_vehicle_parking,2026-03-01T09:00:00+01:00,\n")
    true_ones, said = read_both(truth, write(tmp_path / "v.jsonl", line()), KEYS)
    assert true_ones.happenings[0].onset_s == said.happenings[0].onset_s


def test_a_folder_of_results_says_how_long_it_watched(tmp_path):
    write(tmp_path / "violations.jsonl", line(onset=None))
    write(
        tmp_path / "run.json",
        json.dumps({"cameras": [{"camera_id": "a", "files": [{"name": "f", "start_s": 0, "end_s": 60}]}]}),
    )
    truth = write(tmp_path / "t.csv", "camera,key,onset,cleared\na,motor_vehicle_parking,9,\n")
    assert read_both(truth, tmp_path, KEYS)[0].observed == (("a", 0, 60),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("camera,key,onset\n", r"t\.csv:1: the header lacks cleared"),
        ("camera,key,onset,cleared,colour\n", r"t\.csv:1: the header does not know 'colour'; allowed are camera, key"),
        ("camera,key,onset,cleared\na,parking,1,2\n", r"t\.csv:2: key 'parking' is no type; allowed are motor_veh"),
        ("camera,key,onset,cleared\na,overflowing_bin,soon,2\n", r"t\.csv:2: onset 'soon' is no time; allowed are sec"),
        ("camera,key,onset,cleared\na,overflowing_bin,nan,2\n", r"t\.csv:2: onset 'nan' is no time"),
        ("camera,key,onset,cleared\na,overflowing_bin,,2\n", r"t\.csv:2: onset is empty"),
        ("camera,key,onset,cleared\na,overflowing_bin,5,2\n", r"t\.csv:2: cleared 2 lies before onset 5"),
        ("camera,key,onset,cleared\na,overflowing_bin,5,2026-01-01\n", r"t\.csv:2: seconds and dates in one row"),
        ("camera,key,onset,cleared\na,outage,5,\n", r"t\.csv:2: outage needs an end"),
        ("camera,key,onset,cleared,x1,y1,x2,y2\na,overflowing_bin,5,,9,9,80,80\n", r"t\.csv:2: box .* 0 to 1"),
        ("camera,key,onset,cleared,x1,y1,x2,y2\na,overflowing_bin,5,,0,a,1,1\n", r"t\.csv:2: box .* four numbers"),
    ],
)
def test_what_is_wrong_names_file_line_value_and_what_is_allowed(tmp_path, text, said):
    with pytest.raises(AccountProblem, match=said):
        read_both(write(tmp_path / "t.csv", text), write(tmp_path / "v.jsonl", ""), KEYS)


def test_seconds_and_dates_cannot_be_compared(tmp_path):
    truth = write(tmp_path / "t.csv", "camera,key,onset,cleared\na,overflowing_bin,2026-01-01T00:00:00Z,\n")
    other = write(tmp_path / "f.csv", "camera,key,onset,cleared\na,overflowing_bin,5,\n")
    with pytest.raises(AccountProblem, match="one gives dates and the other seconds"):
        read_both(truth, other, KEYS)


def test_a_damaged_line_is_named(tmp_path):
    truth = write(tmp_path / "t.csv", "camera,key,onset,cleared\n")
    with pytest.raises(AccountProblem, match=r"v\.jsonl:2: not a line of violations\.jsonl \(KeyError"):
        read_both(truth, write(tmp_path / "v.jsonl", line() + "{}\n"), KEYS)
