"""Checks a city file and draws every view's zones and control points on a picture of the camera."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2

from service.city import City, CityFileError, load_city
from service.city_camera import Camera
from service.city_view import View
from service.one_picture import PictureProblem, picture_of
from service.view_drawing import draw_view
from streams.frame import Picture
from vision.place import most_doubtful

PictureSource = Callable[[Camera, View], Picture | None]


@dataclass(frozen=True, slots=True)
class ViewReport:
    """One view: the drawing's path, residuals of its control points in metres, and what a person should look at."""

    camera_id: str
    view_id: str
    drawing: Path
    residuals_m: tuple[float, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """errors: what makes the file unusable; then nothing is drawn and ``views`` is empty."""

    errors: tuple[str, ...]
    views: tuple[ViewReport, ...]

    @property
    def ok(self) -> bool:
        return not self.errors

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(f"camera {v.camera_id!r}: view {v.view_id!r}: {text}" for v in self.views for text in v.warnings)


def check(city_path: Path, out: Path, picture: PictureSource | None = None) -> CheckReport:
    """Check the file and write ``<out>/<camera>.<view>.jpg`` for each view; ``out`` is made where it is missing.

    picture: gives a picture of a camera's view, or None, or raises ``PictureProblem``; by default it is fetched from
    the camera's detect source, once for all its views. Raises ``OSError`` where ``out`` cannot be written.
    """
    try:
        city = load_city(city_path)
    except CityFileError as problem:
        return CheckReport(problem.problems, ())
    out.mkdir(parents=True, exist_ok=True)
    source = picture or _detect_source(city)
    return CheckReport((), tuple(_check_view(city, c, v, out, source) for c in city.cameras for v in c.views))


def _check_view(city: City, camera: Camera, view: View, out: Path, source: PictureSource) -> ViewReport:
    warnings = []
    ground = city.locator_for(camera, view).ground
    shown, reason = None, "its source gave none"
    try:
        shown = source(camera, view)
    except PictureProblem as problem:
        reason = str(problem)
    if shown is None:
        warnings.append(f"no picture of the camera, drawn on grey: {reason}")
    elif len(camera.views) > 1:
        warnings.append("drawn on what the camera shows now; see that it stands at this preset")
    warnings += _of_ground(camera, view)
    drawn = draw_view(f"{camera.id}.{view.id}", view, ground, shown, "NO PICTURE" if shown is None else "")
    path = out / f"{camera.id}.{view.id}.jpg"
    done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not done:
        raise OSError(f"{path}: the drawing cannot be encoded")
    path.write_bytes(jpeg.tobytes())  # cv2 itself cannot write every file name
    return ViewReport(camera.id, view.id, path, ground.residuals_m if ground else (), tuple(warnings))


def _of_ground(camera: Camera, view: View) -> list[str]:
    points = [point.on_ground for point in view.control_points]
    if not points:
        return [] if camera.place else ["neither control points nor a place: its violations have no place on the map"]
    if len(points) == 4:
        return ["4 control points always fit, so a wrong one would go unnoticed; 6 to 8 are better"]
    doubt = most_doubtful(points)
    if doubt is None:
        return []
    number, away_m = doubt
    return [f"control point {number + 1} is {away_m:.0f} m from where the others put it; one of them may be wrong"]


def _detect_source(city: City) -> PictureSource:
    @cache
    def of_camera(camera_id: str) -> Picture | str:
        try:
            return picture_of(city.source(city.camera(camera_id)))
        except PictureProblem as problem:
            return str(problem)

    def of_view(camera: Camera, view: View) -> Picture:  # noqa: ARG001
        found = of_camera(camera.id)
        if isinstance(found, str):
            raise PictureProblem(found)
        return found

    return of_view
