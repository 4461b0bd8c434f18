"""A wrong city file: every mistake is named with its line, its camera, its value and what is allowed."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from service.city import CityFileError, load_city

HEAD = "name: Test\ntime_zone: Asia/Shanghai\n"
CAMERA = HEAD + "cameras:\n  - id: k1\n    urls: {detect: clip.mp4}\n"
VIEW = CAMERA + "    views:\n      - zones:\n"
POINTS = [(0.12, 0.86, 24.4434, 118.080519), (0.9, 0.8, 24.443311, 118.080629), (0.2, 0.45, 24.443523, 118.080568)]


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "city.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CityFileError) as caught:
        load_city(path)
    lines = str(caught.value).splitlines()
    assert lines == list(caught.value.problems)
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


def zone(fields: str) -> str:
    return f"{VIEW}          - {{id: z, polygon: [[0, 0], [1, 0], [1, 1]], {fields}}}\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            CAMERA + "    placce: {lat: 1, lon: 1}\n",
            6,
            ["camera 'k1': placce", "did you mean place?", "allowed are id, "],
        ),
        (CAMERA + "    place: {lat: 118.1, lon: 24.4}\n", 6, ["place.lat: value 118.1", "-90 to 90", "swapped"]),
        (CAMERA + "    place: {lat: 24.4}\n", 6, ["camera 'k1': place.lon: is missing", "WGS-84"]),
        (CAMERA + "    heading_deg: 400\n", 6, ["heading_deg: value 400", "less than or equal to 360"]),
        (CAMERA + "    fov_deg: .nan\n", 6, ["fov_deg", "a finite number"]),
        (CAMERA + "    reach_m: true\n", 6, ["reach_m: value True", "a number"]),
        (CAMERA + "    every: often\n", 6, ["every: value 'often'", "auto, keyframe, all"]),
        (CAMERA + "    start_pattern: '%H%M'\n", 6, ["start_pattern: value '%H%M'", "%Y%m%d_%H%M%S"]),
        (CAMERA + "    types: [parking]\n", 6, ["types.0: value 'parking'", "known are motor_vehicle_parking, "]),
        (CAMERA + "    rules: {posted_bill: {dwell_s: 1}}\n", 6, ["value 'posted_bill'", "did you mean posted_bills?"]),
        (
            CAMERA + "    rules: {road_vending: {dwell_s: 0}}\n",
            6,
            ["rules.road_vending.dwell_s: value 0", "greater than 0"],
        ),
        (CAMERA + "    rules: {road_vending: {share: 1.1}}\n", 6, ["value 1.1", "less than or equal to 1"]),
        (CAMERA + "    views: []\n", 6, ["views: 0 given, at least 1 needed"]),
        (CAMERA + "    views: [{id: a.b}]\n", 6, ["view 'a.b': id: value 'a.b'", "no dot"]),
        (CAMERA + "  - id: K1\n    urls: {detect: b.mp4}\n", 6, ["camera 'K1': id: value 'K1'", "as 'k1'"]),
        (CAMERA + "    views: [{id: n}, {id: n}]\n", 6, ["view 'n': id: value 'n': another view has this id"]),
        (CAMERA.replace("k1", "a/b"), 4, ["camera 'a/b': id: value 'a/b'", "letters (of any script)"]),
        (CAMERA.replace("k1", "007"), 4, ["camera number 1: id: value 7", 'in quotes: "12"']),
        (CAMERA.replace("k1", "路" * 51), 4, ["150 bytes"]),
        (CAMERA.replace("Asia/Shanghai", "Asia"), 2, ["time_zone: value 'Asia'", "IANA"]),
        (CAMERA.replace("name: Test\n", ""), 1, ["name: is missing"]),
        (HEAD + "cameras: []\n", 3, ["cameras: 0 given, at least 1 needed"]),
        (HEAD + "cameras: {k1: {}}\n", 3, ["cameras: a list is needed"]),
        (
            zone("kind: noparking"),
            8,
            ["camera 'k1': view 'home': zone 'z': kind: value 'noparking'", "mean no_parking?"],
        ),
        (zone("kind: bay, types: [posted_bills]"), 8, ["bay says nothing about posted_bills", "exempt (not here)"]),
        (zone("kind: ignore, types: [posted_bills]"), 8, ["ignore zone"]),
        (zone("kind: sidewalk, left_things: rubbish"), 8, ["left_things: value 'rubbish'", "known are"]),
        (zone("kind: ignore, left_things: piled_materials"), 8, ["piled_materials is no violation", "kind ignore"]),
        (zone("kind: work_site, left_things: piled_materials"), 8, ["is no violation in a zone of kind work_site"]),
        (zone("kind: sidewalk, left_things: shop_overflow"), 8, ["only in zones for it, of kind door_line, watch"]),
        (
            zone("kind: watch, types: [posted_bills], left_things: piled_materials"),
            8,
            ["piled_materials is a violation only in zones for it"],
        ),
        (
            VIEW.replace("    views:", "    types: [posted_bills]\n    views:")
            + "          - id: z\n            kind: sidewalk\n            polygon: [[0, 0], [1, 0], [1, 1]]\n"
            "            left_things: piled_materials\n",
            12,
            ["camera 'k1': zone 'z': left_things: piled_materials is not among the camera's types"],
        ),
        (zone("kind: bay, hours: '07:00-19:00'"), 8, ["hours: value '07:00-19:00': a mapping"]),
        (zone("kind: bay, hours: {mon: 7}"), 8, ["hours", "in quotes"]),
        (zone("kind: bay, hours: {montag: '07:00-19:00'}"), 8, ["'montag' is no day"]),
        (
            zone("kind: bay, permits: [{types: [road_vending], valid_from: 2026-02-30, valid_to: 2026-12-01}]"),
            8,
            ["permits.0.valid_from: value '2026-02-30'", "2025-12-31"],
        ),
        (
            zone("kind: bay, permits: [{types: [road_vending], valid_from: 2026-02-03, valid_to: 2026-02-01}]"),
            8,
            ["ends on 2026-02-01, before it begins"],
        ),
        (VIEW + "          - {id: z, kind: bay, polygon: [[0, 0], [1, 0]]}\n", 8, ["polygon: 2 given, at least 3"]),
        (
            VIEW + "          - id: z\n            kind: bay\n            polygon:\n              - [0, 0]\n"
            "              - [640, 0]\n              - [1, 1]\n",
            12,
            ["zone 'z': polygon.1.0: value 640", "divide a pixel's x by the picture's width"],
        ),
        (
            VIEW + "          - {id: z, kind: bay, polygon: [[0, 0], [1, 1], [1, 0], [0, 1]]}\n",
            8,
            ["polygon: the outline crosses or touches itself", "0.5 0.5"],
        ),
        (
            VIEW + "          - {id: z, kind: bay, polygon: [[0, 0], [0.5, 0.5], [1, 1]]}\n",
            8,
            ["polygon"],
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_its_value_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, words: list[str]
) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(f"{line}: ")
    for word in words:
        assert word in problem


def test_control_points_must_fix_a_ground_near_the_camera(tmp_path: Path) -> None:
    def with_points(points: list[tuple[float, float, float, float]], place: str = "") -> str:
        rows = "".join(f"          - {{picture: [{x}, {y}], lat: {la}, lon: {lo}}}\n" for x, y, la, lo in points)
        return f"{CAMERA}{place}    views:\n      - control_points:\n{rows}"

    assert "at least 4 are needed" in problems(tmp_path, with_points(POINTS))[0]
    on_a_line = [*POINTS, (0.3, 0.3, 24.4434, 118.0806)]
    line = [(0.1 * n, 0.1 * n, la, lo) for n, (_, _, la, lo) in enumerate(on_a_line)]
    assert "on one line in the picture" in problems(tmp_path, with_points(line))[0]
    good = [*POINTS, (0.82, 0.42, 24.443369, 118.080774)]
    far = problems(tmp_path, with_points(good, "    place: {lat: 24.5433, lon: 118.0805}\n"))
    assert "11 km from the camera's place" in far[0]


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = (
        HEAD.replace("Shanghai", "Xiamen")
        + "cameras:\n  - {id: k1}\n  - {id: k1, urls: {detect: a.mp4}, pool: 'a b'}\n  - 7\n"
    )
    found = problems(tmp_path, text)
    assert [int(problem.partition(":")[0]) for problem in found] == [2, 4, 5, 5, 6]
    assert "camera number 3: value 7: a mapping" in found[-1]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (b"", "1: "),
        (b"- a\n- b\n", "1: "),
        (b"name: [unclosed\n", "2: no valid YAML"),
        (b"name: a\n\ttime_zone: b\n", "2: no valid YAML"),
        (b"name: Test\nname: Again\n", "2: the key"),
        (b"name: Test\ntime_zone: \xff\xfe\n", "2: not UTF-8"),
        (b"name: a\x00b\n", "1: no valid YAML"),
        (b"name: a\n---\nname: b\n", "2: no valid YAML"),
        (b"name: *nobody\n", "1: no valid YAML"),
        (b"name: !!python/object:os.system {}\n", "1: "),
        (b"&a\nname: x\nself: *a\n", " nested too deeply"),
        (b"a: " + b"[" * 3000, " nested too deeply"),
    ],
)
def test_a_file_that_is_no_yaml_is_refused_in_one_sentence(tmp_path: Path, text: bytes, start: str) -> None:
    assert problems(tmp_path, text)[0].startswith(start)


def test_a_missing_file_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(CityFileError, match=str(path)):
            load_city(path)


@pytest.mark.parametrize(
    "text",
    [
        CAMERA + "    urls: {detect: rtsp://admin:hunter2@h/}\n",  # a second time
        CAMERA.replace("clip.mp4}", "rtsp://admin:hunter2@h/, detect: rtsp://admin:hunter2@h/}"),
        CAMERA.replace("{detect: clip.mp4}", "rtsp://admin:hunter2@h/"),
        CAMERA.replace("clip.mp4", "gopher://admin:hunter2@h/"),
        CAMERA.replace("clip.mp4", "['rtsp://admin:hunter2@h/']"),
        CAMERA.replace("clip.mp4", "'rtsp://admin:hunter2@h/").replace("}", ""),
        CAMERA.replace("k1", "rtsp://admin:hunter2@h/"),
        CAMERA + "    url: rtsp://admin:hunter2@h/\n",
        CAMERA + "    every: rtsp://admin:hun/ter2@h/\n",
        CAMERA + "    views: rtsp://admin:hunter2@h/\n",
        CAMERA + "    password: hunter2\n",
    ],
)
def test_no_password_is_ever_shown(tmp_path: Path, text: str) -> None:
    assert "hun" not in "\n".join(problems(tmp_path, text))


Values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["k1", "bay"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "urls", "detect", "views", "zones", "kind", "polygon", "hours", "rules", "place", "types"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cameras=Values)
def test_whatever_stands_in_the_file_the_answer_is_sentences(tmp_path: Path, cameras: object) -> None:
    path = tmp_path / "city.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump({"name": "x", "time_zone": "UTC", "cameras": cameras}, file)
    with contextlib.suppress(CityFileError):
        load_city(path)
