"""The handling file: what people write, what comes of it, and what is said of mistakes."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from service.handling import HandlingFileError, load_handling
from service.receivers import ReceiverProblem
from tests.cases.office import GRID

WHOLE = """
time_zone: Asia/Shanghai
grid: grid.geojson
departments:
  - {department: Sanitation, types: [overflowing_bin]}
  - {department: Traffic police, types: [motor_vehicle_parking], zone_kinds: [carriageway]}
  - {department: Urban management}
working_time:
  hours: {mon-fri: ["08:00-12:00", "14:30-17:30"], sat: "22:00-02:00"}
  days: {2026-10-01: [], 2026-10-10: ["08:00-12:00"]}
deadlines:
  road_vending: {hours: 2}
  open_burning: {hours: 2, working: false}
  otherwise: {hours: 8}
without_a_person: [open_burning]
receivers:
  - {name: platform, url: "https://platform.example/hook", secret_env: PLATFORM_SECRET, of: [case.close]}
  - {name: hotline, kind: open311, url: "https://311.example", secret_env: HOTLINE_KEY, services: {open_burning: f}}
  - {name: broker, kind: mqtt, url: "mqtts://a.example/city", user: so, secret_env: BROKER_KEY, coordinates: GCJ-02}
allowed_addresses: [10.0.0.0/8]
keep_days: 90
"""


def written(folder: Path, text: str = WHOLE) -> Path:
    (folder / "grid.geojson").write_text(json.dumps(GRID), encoding="utf-8")
    path = folder / "handling.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_what_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PLATFORM_SECRET", "HOTLINE_KEY", "BROKER_KEY"):
        monkeypatch.setenv(name, "a secret of sixteen")
    handling = load_handling(written(tmp_path))
    policy = handling.policy()
    cell = policy.cell(24.48, 118.09)
    assert cell is not None
    assert cell.district == "Siming"
    assert policy.department("overflowing_bin", None, cell) == "Sanitation"
    assert policy.department("motor_vehicle_parking", "carriageway", cell) == "Traffic police"
    assert policy.department("motor_vehicle_parking", "sidewalk", None) == "Urban management"
    friday = datetime(2026, 10, 9, 9, tzinfo=UTC)  # 17:00 there
    assert policy.due("road_vending", friday) == datetime(2026, 10, 10, 1, 30, tzinfo=UTC)
    assert policy.due("open_burning", friday) == friday + timedelta(hours=2)
    assert policy.unconfirmed == {"open_burning"}
    assert policy.receivers == {
        "platform": {"case.close"},
        "hotline": {"case.dispatch", "case.settle", "case.return"},
        "broker": set(),
    }
    out = handling.ways("urn:city")
    assert [type(way).__name__ for way in out.senders.values()] == ["Webhook", "Open311", "Shifted"]
    assert set(out.asked) == {"hotline"}


def test_without_a_file_everything_waits_for_a_person() -> None:
    policy = load_handling(None).policy()
    assert (policy.unconfirmed, policy.due("road_vending", datetime.now(UTC)), dict(policy.receivers)) == (
        set(),
        None,
        {},
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("road_vending: {hours: 2}", "road_vendin: {hours: 2}", "handling.yaml:12"),
        ("hours: 8}", "hours: -8}", "handling.yaml:14"),
        ("Asia/Shanghai", "Asia/Xiamen", "no such time zone"),
        ("keep_days: 90", "keep_days: 3", "30"),
        ('"08:00-12:00", "14:30-17:30"', '"08:00-12:00", "11:00-17:30"', "in order and apart"),
        ('2026-10-10: ["08:00-12:00"]', '2026-10-10: ["morning"]', "handling.yaml:1[0-9]: .*morning"),
        ('2026-10-10: ["08:00-12:00"]', '2026-10-10: ["22:00-02:00"]', "2026-10-10: hours of a single day end with it"),
        ("department: Sanitation", 'department: " "', "departments"),
        ("zone_kinds: [carriageway]", "zone_kinds: [moon]", "no such kind of zone"),
        ("keep_days: 90", "keep_day: 90", "keep_day"),
        ("kind: mqtt", "kind: open311", "receiver of kind open311 has http:// or https://"),
        (", secret_env: HOTLINE_KEY", "", "kind open311 needs one"),
        ("kind: mqtt", "kind: pigeon", "pigeon"),
        ("of: [case.close]", "user: so", "only a broker has one"),
        ("of: [case.close]", "jurisdiction: x", "only open311 has them"),
        ("of: [case.close]", "of: [case.closed]", r"such message; did you mean case\.close\? known are case\.opened"),
        ("of: [case.close]", "of: []", "0 given, at least 1 needed"),
        ("name: hotline", "name: platform", "'platform': another receiver has this name"),
        ("10.0.0.0/8", "10.20.0.0/33", r"value '10\.20\.0\.0/33': a host \(intra\.example\)"),
        ("10.0.0.0/8", '"https://intra.example"', "a host "),
        ("mqtts://a.example/city", "mqtts:///city", "url: a host is needed"),
    ],
)
def test_mistakes_are_said_with_their_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(HandlingFileError, match=said):
        load_handling(written(tmp_path, WHOLE.replace(before, after)))


@pytest.mark.parametrize(
    "login", ["so:geheim@", "geheim@", "so:gehe/im@", "so:gehe#im@", "[so:geheim@", "so:geheim\u2100@"]
)
def test_a_password_in_a_url_is_refused_and_not_shown(tmp_path: Path, login: str) -> None:
    for url in ("mqtts://a.example", "https://platform.example"):
        scheme, _, host = url.partition("://")
        with pytest.raises(HandlingFileError, match=r"no user and no password may|cannot be read") as told:
            load_handling(written(tmp_path, WHOLE.replace(url, f"{scheme}://{login}{host}")))
        assert "gehe" not in str(told.value)


def test_districts_need_a_grid_that_names_them(tmp_path: Path) -> None:
    text = WHOLE.replace("types: [overflowing_bin]", "districts: [Siming]")
    load_handling(written(tmp_path, text))
    with pytest.raises(HandlingFileError, match="'Sanitation' goes by districts or streets: a grid is needed"):
        load_handling(written(tmp_path, text.replace("grid: grid.geojson\n", "")))


def test_allowed_addresses_are_compared_as_urls_are_read(tmp_path: Path) -> None:
    text = WHOLE.replace("[10.0.0.0/8]", '[Intra.Example, "Intra.example:8080", 10.1.2.3/8, "FD00::/8", 10.9.9.9]')
    assert load_handling(written(tmp_path, text)).allowed_addresses == [
        "intra.example",
        "intra.example:8080",
        "10.0.0.0/8",
        "fd00::/8",
        "10.9.9.9",
    ]


def test_deadlines_of_more_working_time_than_there_is_are_said_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace('mon-fri: ["08:00-12:00", "14:30-17:30"], sat: "22:00-02:00"', 'mon: "09:00-10:00"')
    text = text.replace("otherwise: {hours: 8}", "otherwise: {hours: 60}")
    with pytest.raises(HandlingFileError) as problem:
        load_handling(written(tmp_path, text), date(2026, 9, 28))
    (line,) = str(problem.value).splitlines()
    assert line.endswith(
        "handling.yaml:14: deadlines.otherwise.hours: value 60: working_time has 57 hours in 400 days; "
        "allowed are fewer hours"
    )
    load_handling(written(tmp_path, text.replace("hours: 60", "hours: 60, working: false")))


def test_a_grid_and_a_secret_that_are_missing_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handling = load_handling(written(tmp_path))
    monkeypatch.setenv("PLATFORM_SECRET", "short")
    with pytest.raises(ReceiverProblem, match="PLATFORM_SECRET must hold its secret, 16 characters"):
        handling.ways("urn:city")
    (tmp_path / "grid.geojson").write_text('{"type": "FeatureCollection", "features": [{}]}', encoding="utf-8")
    with pytest.raises(HandlingFileError, match=r"grid\.geojson: features\[0\]"):
        handling.policy()
    (tmp_path / "grid.geojson").unlink()
    with pytest.raises(HandlingFileError, match=r"grid\.geojson: No such file"):
        handling.policy()
