"""The catalogue holds what cities handle, and says where it is wrong when somebody edits it."""

from dataclasses import FrozenInstanceError
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.catalogue import CatalogueError, load_catalogue, parse_catalogue
from vision.zones import ZONE_KINDS

SHIPPED = (files("labels") / "violations.yaml").read_text(encoding="utf-8")

# key, new code, old code, dwell and absence in seconds: the table that the field works with
FIELD = [
    ("motor_vehicle_parking", "占道停车", "09009", "04-09", 300, 60),
    ("non_motor_parking", "非机动车乱停放", "09010", "04-10", 600, 120),
    ("road_vending", "占道经营", "09006", "04-06", 180, 180),
    ("shop_overflow", "店外经营", "09005", "04-05", 300, 300),
    ("street_umbrella", "占道撑伞", None, None, 300, 300),
    ("overflowing_bin", "垃圾满溢", "06042", None, 600, 600),
    ("exposed_garbage", "暴露垃圾", "06010", "01-10", 600, 600),
    ("construction_waste", "积存垃圾渣土", "06011", "01-11", 1800, 1800),
    ("piled_materials", "乱堆物堆料", "06036", "01-36", 1800, 1800),
    ("illegal_advertising", "违规设置户外广告", "07003", "02-03", 1800, 1800),
    ("hanging_banner", "违规标语横幅", "07007", "02-07", 1800, 1800),
    ("posted_bills", "非法小广告", "07001", "02-01", 1800, 1800),
    ("street_drying", "沿街晾挂", "06007", "01-07", 600, 600),
    ("open_burning", "露天焚烧垃圾树叶", "06020", "01-20", 10, 120),
]


def test_the_fourteen_types_have_the_names_codes_and_times_of_the_field_in_its_order() -> None:
    types = load_catalogue().types.values()
    assert [(t.key, t.zh, t.gb_new, t.gb_old, t.rule.dwell_s, t.rule.absence_s) for t in types] == FIELD


def test_every_entry_is_found_under_its_own_key() -> None:
    catalogue = load_catalogue()
    for section in (catalogue.types, catalogue.auxiliary):
        assert all(entry.key == key for key, entry in section.items())
    assert {key: entry.zh for key, entry in catalogue.auxiliary.items()} == {"person": "行人", "bin": "垃圾桶"}


def test_what_hangs_or_sticks_on_a_wall_has_no_ground_point() -> None:
    hanging = {key for key, kind in load_catalogue().types.items() if not kind.on_ground}
    assert hanging == {"illegal_advertising", "hanging_banner", "posted_bills", "street_drying"}


def test_a_fire_shows_more_of_what_comes_after_than_of_what_was_before() -> None:
    evidence = {key: (t.evidence.pre_s, t.evidence.post_s) for key, t in load_catalogue().types.items()}
    assert evidence.pop("open_burning") == (5, 10)
    assert set(evidence.values()) == {(10, 5)}


def test_every_zone_a_type_names_is_a_kind_of_zone_that_can_be_drawn() -> None:
    for kind in load_catalogue().types.values():
        assert {*kind.rule.where, *kind.rule.exempt} <= set(ZONE_KINDS)
        assert not set(kind.rule.where) & set(kind.rule.exempt)


def test_the_catalogue_is_read_once_and_nobody_changes_it() -> None:
    catalogue = load_catalogue()
    assert load_catalogue() is catalogue
    with pytest.raises(TypeError):
        catalogue.types["parking"] = catalogue.types["open_burning"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        catalogue.types["open_burning"].rule.dwell_s = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "dwell_s: 300",
            "dwell_s: five minutes",
            r"motor_vehicle_parking\.rule\.dwell_s: 'five minutes': a number above",
        ),
        ("dwell_s: 300", "dwell_s: 0", r"rule\.dwell_s: 0: a number above 0"),
        ("dwell_s: 300", "dwell_s: yes", r"rule\.dwell_s: 'yes': a number above 0"),
        ("dwell_s: 300", "dwell_s: true", r"rule\.dwell_s: True: a number above 0"),
        ("share: 0.6", "share: 60", r"rule\.share: 60: a number above 0 up to 1"),
        ("share: 0.6", "share: .nan", r"rule\.share: nan: a number above 0 up to 1"),
        ("share: 0.6, ", "", r"motor_vehicle_parking\.rule: lacks share"),
        ("dwell_s: 300", "dwel_s: 300", r"rule: unknown entry 'dwel_s'; allowed: absence_s, dwell_s"),
        ("exempt: [bay]", "exempt: bay", r"rule\.exempt: 'bay': a list of kinds of zone is needed"),
        ("on_ground: true", "on_ground: 1", r"on_ground: 1: true or false is needed"),
        ('gb_old: "04-09"', "gb_old: 9", r"gb_old: 9: text is needed, a code in quotation marks \(null where"),
        ("zh: 占道停车", "zh: ", r"motor_vehicle_parking\.zh: None: text is needed"),
        ("  motor_vehicle_parking:", "  Motor Parking:", r"Motor Parking: a key is lower-case letters"),
        ("  non_motor_parking:", "  motor_vehicle_parking:", r"duplicate key"),
        ("  bin: {", "  open_burning: {", r"open_burning: is a type already"),
        ("evidence: {pre_s: 10, post_s: 5}", "evidence: 10", r"evidence: 10 is no mapping"),
        ("auxiliary:", "helpers:", r"unknown entry 'helpers'; allowed: auxiliary, types"),
    ],
)
def test_a_slip_in_the_file_is_named_with_its_line_and_what_is_allowed(old: str, new: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=r"^edited\.yaml:\d+: .*" + message):
        parse_catalogue(SHIPPED.replace(old, new, 1), "edited.yaml")


def test_the_line_is_the_line_of_the_slip() -> None:
    line = SHIPPED[: SHIPPED.index("dwell_s: 180")].count("\n") + 1
    with pytest.raises(CatalogueError, match=rf"^edited\.yaml:{line}: road_vending\.rule\.dwell_s: -1"):
        parse_catalogue(SHIPPED.replace("dwell_s: 180", "dwell_s: -1"), "edited.yaml")


@given(st.text(max_size=60))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(CatalogueError, match=r"^edited\.yaml:\d+: "):
        parse_catalogue(text, "edited.yaml")
