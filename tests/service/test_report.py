"""The report opens from disk in a real browser, without a network, and shows what was found and what proves it."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, sync_playwright

from labels.catalogue import load_catalogue
from service.report import write_report
from service.report_data import CameraRun, RecordedFile, clock, in_words, moment, relative_box, timelines
from service.report_pictures import around
from vision.keys import load_or_make
from vision.seal import Chain

TYPES = load_catalogue().types
SIZE = (640, 360)
BEGIN = datetime(2026, 5, 1, 0, 12, 33, tzinfo=UTC)
HOSTILE = """</script><script>window.broken=1</script>"><img src=x onerror="window.broken=1">{{ 7*7 }}"""


def street(car: bool) -> np.ndarray[Any, np.dtype[np.uint8]]:
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    picture[:120] = (120, 150, 130)
    if car:
        cv2.rectangle(picture, (300, 200), (420, 270), (40, 40, 200), -1)
    return picture


def write_film(path: Path) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as film:
        stream = film.add_stream("libx264", rate=10)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for _ in range(20):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(street(car=True), "bgr24")))
        film.mux(stream.encode())


def violation(id: str, **changed: Any) -> dict[str, Any]:
    line = {
        "id": id,
        "camera_id": "kerb",
        "view_id": "home",
        "key": "motor_vehicle_parking",
        "gb_new": "09009",
        "gb_old": "04-09",
        "onset": "2026-05-01T00:13:33.000Z",
        "confirmed_at": "2026-05-01T00:18:33.000Z",
        "cleared_at": "2026-05-01T00:28:33.000Z",
        "onset_s": 60.0,
        "confirmed_s": 360.0,
        "cleared_s": 960.0,
        "xyxy": [300, 200, 420, 270],
        "size": list(SIZE),
        "place": {"lat": 24.479834, "lon": 118.089425, "radius_m": 1.8},
        "score": 0.87,
        "sightings": 290,
        "evidence": f"evidence/{id}",
    }
    assert changed.keys() <= line.keys()
    return line | changed


def run_of(camera_id: str, **changed: Any) -> CameraRun:
    files = [
        RecordedFile("a.mp4", 0, 900, BEGIN),
        RecordedFile("b.mp4", 1200, 1800, BEGIN + timedelta(seconds=1200)),
    ]
    return replace(CameraRun(camera_id, files, 45000, 1500, 1500, 120), **changed)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cameras: a car that left, a car that stands, and goods on the road whose clock time nobody knows."""
    results = tmp_path_factory.mktemp("a street, 50% done #1") / "results"
    key, _ = load_or_make(results.parent / "signing.key")
    chain = Chain(results / "evidence", key)
    write_film(results.parent / "clip.mp4")
    for id in ("car-1", "car-2", "goods-1"):
        staging = results / "evidence" / f".staging-{id}"
        staging.mkdir()
        for name in ("onset", "trigger"):
            cv2.imwrite(str(staging / f"{name}.jpg"), street(car=True))
        shutil.copy(results.parent / "clip.mp4", staging)
        chain.publish(staging, results / "evidence" / id, {"id": id})
    empty_kerb = cv2.imencode(".jpg", street(car=False))[1].tobytes()
    chain.clear(results / "evidence" / "car-1", {}, {"cleared.jpg": empty_kerb})
    write_report(
        results,
        [
            violation("car-1"),
            violation("car-2", cleared_s=None, cleared_at=None, onset_s=70.0, place=None),
            violation("goods-1", key="road_vending", camera_id="gate", onset=None, confirmed_at=None, cleared_at=None),
        ],
        [run_of("kerb"), run_of("gate", failures=[("broken.avi", "ends in the middle of a packet")])],
        types=TYPES,
        unproven=frozenset({"road_vending"}),
        zone=timezone(timedelta(hours=8)),
    )
    return results


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that must say nothing on the console and ask nothing of a network."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def open_report(page: Page, results: Path) -> None:
    page.goto("file://" + quote(str(results / "report.html")))


def shown(page: Page) -> list[str]:
    return [card.get_attribute("data-id") or "" for card in page.locator(".card:visible").all()]


def test_the_page_opens_from_disk_and_shows_every_violation(page: Page, results: Path) -> None:
    open_report(page, results)
    assert page.title() == "Street order: 3 violations"
    assert shown(page) == ["car-1", "car-2", "goods-1"]
    card = page.locator("[id='v-car-1']")
    text = card.inner_text()
    for words in ("占道停车", "illegally parked motor vehicle", "09009", "04-09", "2026-05-01 08:18:33 UTC+08:00"):
        assert words in text
    assert "24.479834, 118.089425" in text
    assert re.search(r"sealed with key [0-9a-f]{16} at 2", text)
    assert card.locator("img").count() == 4  # onset, trigger, close-up, cleared
    pictures = (
        "[...document.images].map((i) => [i.complete, i.naturalWidth > 0, i.alt.length > 9, i.naturalWidth <= 480])"
    )
    page.evaluate("document.querySelectorAll('.card').forEach((c) => { c.style.contentVisibility = 'visible' })")
    page.wait_for_function("[...document.images].every((i) => { i.loading = 'eager'; return i.complete })")
    assert all(all(picture) for picture in page.evaluate(pictures))
    assert page.locator("[id='v-goods-1']").inner_text().count("in the recording") >= 2
    assert "unproven type" in page.locator("[id='v-goods-1']").inner_text()
    assert "unproven type" not in text
    assert "ends in the middle of a packet" in page.locator(".failed").inner_text()


def test_types_and_cameras_can_be_filtered(page: Page, results: Path) -> None:
    open_report(page, results)
    chip = page.get_by_role("button", name="trading on the road")
    chip.click()
    assert shown(page) == ["goods-1"]
    assert chip.get_attribute("aria-pressed") == "true"
    assert page.locator("#shown").inner_text() == "1 of 3 shown"
    page.locator("#camera").select_option("kerb")
    assert shown(page) == []
    chip.click()
    assert shown(page) == ["car-1", "car-2"]
    assert page.locator(".track .bar:visible").count() == 2
    page.get_by_role("button", name="Show everything").click()
    assert len(shown(page)) == 3


def test_a_click_on_the_timeline_leads_to_the_card(page: Page, results: Path) -> None:
    open_report(page, results)
    page.locator(".bar[data-id='car-2']").click(position={"x": 4, "y": 8})
    page.wait_for_function("document.querySelector(':target')?.dataset.id === 'car-2'")
    assert page.locator(".track .gap").count() == 2
    assert page.locator(".bar[data-id='car-2']").get_attribute("aria-label") == (
        "占道停车, 0:01:10 not cleared by the end"
    )


def test_the_clip_plays(page: Page, results: Path) -> None:
    open_report(page, results)
    video = page.locator("[id='v-car-1'] video")
    assert video.get_attribute("preload") == "none"
    video.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('video').poster.startsWith('data:image/jpeg')")
    duration = video.evaluate("""(video) => new Promise((tell, fail) => {
        video.onloadedmetadata = () => tell(video.duration);
        video.onerror = fail;
        video.preload = "metadata";
        video.load();
    })""")
    assert duration == pytest.approx(2.0, abs=0.2)


def test_the_id_can_be_copied(page: Page, results: Path) -> None:
    open_report(page, results)
    button = page.get_by_role("button", name="Copy the id car-1")
    button.click()
    page.wait_for_function("document.querySelector('.copy').textContent === 'Copied'")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_a_desk_by_day_and_by_night(
    page: Page, results: Path, width: int, scheme: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    open_report(page, results)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(background) < 60) == (scheme == "dark")


def test_names_of_cameras_and_files_cannot_become_part_of_the_page(page: Page, tmp_path: Path) -> None:
    run = run_of(HOSTILE, files=[RecordedFile(HOSTILE, 0, 900, None)], notes=[HOSTILE], failures=[(HOSTILE, HOSTILE)])
    lines = [violation(HOSTILE, camera_id=HOSTILE, view_id=HOSTILE, key=HOSTILE, gb_new=HOSTILE, evidence=HOSTILE)]
    write_report(tmp_path, lines, [run, run_of("b")], types=TYPES)
    open_report(page, tmp_path)
    assert page.evaluate("window.broken") is None
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator(".card h3").inner_text()
    assert json.loads(page.locator("#list").inner_text())[0]["camera"] == HOSTILE
    page.locator(".chip").click()
    assert shown(page) == [HOSTILE]


def test_evidence_outside_the_results_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    cv2.imwrite(str(tmp_path / "trigger.jpg"), street(car=True))
    for evidence in ("..", str(tmp_path), ""):
        path = write_report(tmp_path / "results", [violation("x", evidence=evidence)], [], types=TYPES)
        assert "data:image/jpeg" not in path.read_text(encoding="utf-8")


def test_many_violations_link_to_their_pictures_and_still_show_the_close_up(page: Page, results: Path) -> None:
    before = (results / "report.html").read_text(encoding="utf-8")
    try:
        path = write_report(results, [violation("car-1"), violation("car-2")], [], types=TYPES, most_embedded=1)
        assert path.read_text(encoding="utf-8").count("data:image/jpeg") == 4
        open_report(page, results)
        card = page.locator("[id='v-car-2']")
        card.scroll_into_view_if_needed()
        for image in card.locator("img").all():
            assert image.get_attribute("loading") == "lazy"
            image.evaluate("(i) => { i.loading = 'eager'; return i.decode() }")
            assert image.evaluate("(i) => i.naturalWidth") == SIZE[0]
        window, image = card.locator(".window").bounding_box(), card.locator(".window img").bounding_box()
        assert window
        assert image
        assert image["width"] > 2 * window["width"]
        assert image["x"] <= window["x"]
    finally:
        (results / "report.html").write_text(before, encoding="utf-8")


def test_a_picture_that_cannot_be_read_and_a_seal_that_does_not_fit_are_said(results: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(results, tmp_path / "results"))
    (copy / "evidence" / "car-1" / "onset.jpg").write_bytes(b"no picture")
    manifest = copy / "evidence" / "car-1" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"car-1", b"car-7"))
    for name in ("onset.jpg", "trigger.jpg", "manifest.json", "clip.mp4"):
        (copy / "evidence" / "car-2" / name).unlink()
    html = write_report(copy, [violation("car-1"), violation("car-2")], [], types=TYPES).read_text(encoding="utf-8")
    assert "its signature does not fit" in html
    assert "no seal was found" in html
    assert "No picture of it could be read." in html
    assert html.count("<video") == 1


def test_an_empty_report_says_why(page: Page, tmp_path: Path) -> None:
    short = [run_of("kerb", duration_s=75.0, files=[RecordedFile("a.mp4", 0, 75, None)])]
    write_report(
        tmp_path, [], short, types=TYPES, dwells={"motor_vehicle_parking": 300.0}, dwell_option="--dwell SECONDS"
    )
    open_report(page, tmp_path)
    text = page.locator(".empty").inner_text()
    assert "No violation was found" in text
    assert "The longest recording is 1 min 15 s, but a thing must stay for at least 5 min" in text
    assert "--dwell SECONDS" in text
    assert "stayed long enough" in write_report(tmp_path, [], [run_of("kerb")], types=TYPES).read_text(encoding="utf-8")
    assert "No video could be read" in write_report(tmp_path, [], [], types=TYPES).read_text(encoding="utf-8")


def test_a_clip_that_browsers_cannot_play_is_offered_as_a_file(results: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(results, tmp_path / "results"))
    (copy / "evidence" / "car-1" / "clip.mp4").rename(copy / "evidence" / "car-1" / "clip.mkv")
    html = write_report(copy, [violation("car-1")], [], types=TYPES).read_text(encoding="utf-8")
    assert "browsers cannot play" in html
    assert 'href="./evidence/car-1/clip.mkv"' in html
    (copy / "evidence" / "car-1" / "preview.mp4").touch()
    html = write_report(copy, [violation("car-1")], [], types=TYPES).read_text(encoding="utf-8")
    assert 'src="./evidence/car-1/preview.mp4"' in html


@pytest.mark.parametrize(
    ("seconds", "as_clock", "as_words"),
    [
        (0, "0:00:00", "0 s"),
        (59.6, "0:01:00", "1 min"),
        (75, "0:01:15", "1 min 15 s"),
        (3600, "1:00:00", "1 h"),
        (90061, "25:01:01", "25 h 1 min"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, as_clock: str, as_words: str) -> None:
    assert clock(seconds) == as_clock
    assert in_words(seconds) == as_words


def test_times_are_local_where_they_are_known_and_of_the_recording_where_not() -> None:
    east = moment("2026-05-01T00:18:33.000Z", 1.0, timezone(timedelta(hours=8)))
    assert east is not None
    assert (east.text, east.iso) == ("2026-05-01 08:18:33 UTC+08:00", "2026-05-01T00:18:33.000Z")
    unknown = moment(None, 3671.0, UTC)
    assert unknown is not None
    assert (unknown.text, unknown.iso) == ("1:01:11 in the recording", None)
    assert moment(None, None, UTC) is None


def test_ticks_are_round_in_local_time() -> None:
    (line,) = timelines([], [run_of("kerb")], {}, timezone(timedelta(hours=8)))
    assert [text for _, text in line.ticks] == ["08:20:00", "08:30:00", "08:40:00"]
    assert [(left, width) for left, width, _ in line.gaps] == [(50.0, pytest.approx(16.667))]


spans = st.tuples(st.floats(0, 5000), st.floats(0, 3000), st.floats(0, 3000), st.booleans())


@given(st.lists(spans, max_size=30))
def test_bars_stay_on_the_timeline_and_never_cover_one_another(drawn: list[tuple[float, float, float, bool]]) -> None:
    lines = [
        violation(str(number), onset_s=on, confirmed_s=on + dwell, cleared_s=on + dwell + more if left else None)
        for number, (on, dwell, more, left) in enumerate(drawn)
    ]
    (line,) = timelines(lines, [run_of("kerb")], MappingProxyType({}), UTC)
    lanes: dict[int, list[tuple[float, float]]] = {}
    for bar in line.bars:
        assert 0 <= bar.left <= bar.confirmed <= bar.left + bar.width + 1e-6 <= 100.002
        assert 0 <= bar.lane < line.lanes
        lanes.setdefault(bar.lane, []).append((bar.left, bar.left + bar.width))
    for lane in lanes.values():
        ordered = sorted(lane)
        assert all(before[1] <= after[0] for before, after in pairwise(ordered))


edges = st.floats(-50, 700)


@given(st.tuples(edges, edges, edges, edges))
def test_boxes_and_close_ups_lie_within_the_picture(xyxy: tuple[float, float, float, float]) -> None:
    box = relative_box(violation("x", xyxy=list(xyxy)))
    for left, top, width, height in (box, around(box)):
        assert left >= 0
        assert top >= 0
        assert left + width <= 1 + 1e-9
        assert top + height <= 1 + 1e-9
    x, y, w, h = around(box)
    assert w > 0.1
    assert x <= box[0] + 1e-9
    assert y <= box[1] + 1e-9
    assert x + w >= box[0] + box[2] - 1e-9
    assert y + h >= box[1] + box[3] - 1e-9
