"""Cameras and zones: the city file, read and changed by HTTP. Passwords of addresses are never shown."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Request, Response
from pydantic import BaseModel

from service.api.access import Reader, Setter
from service.api.examples import CAMERA, ZONE, answered, shown
from service.api.office import Office
from service.api.problems import Problem
from service.city import City, CityFileError
from service.city_book import CityBook, CityChanged
from service.city_camera import Camera
from service.city_view import Zone
from streams.source import redact

IfMatch = Annotated[str | None, Header(description="The ETag of the version that was looked at.")]
router = APIRouter(tags=["cameras"])


class CamerasOut(BaseModel):
    """cursor: the last id of the page, to ask with for the next; null at the end."""

    model_config = shown({"cameras": [CAMERA], "cursor": None})

    cameras: list[dict[str, Any]]
    cursor: str | None


@router.get("/cameras", summary="Cameras, page by page")
def list_cameras(
    request: Request,
    response: Response,
    _: Reader,
    pool: Annotated[str | None, Query(max_length=150)] = None,
    cursor: Annotated[str, Query(max_length=150)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> CamerasOut:
    """In the order of their ids."""
    city, tag = _read(request)
    response.headers["ETag"] = f'"{tag}"'
    found = sorted((c for c in city.cameras if pool in (None, c.pool) and c.id > cursor), key=lambda c: c.id)
    more = len(found) > limit
    return CamerasOut(cameras=[_shown(c) for c in found[:limit]], cursor=found[limit - 1].id if more else None)


@router.get("/cameras/{camera_id}", summary="One camera", responses=answered(CAMERA))
def read_camera(request: Request, response: Response, camera_id: str, _: Reader) -> dict[str, Any]:
    """As it stands in the city file."""
    city, tag = _read(request)
    response.headers["ETag"] = f'"{tag}"'
    return _shown(_camera(city, camera_id))


@router.put(
    "/cameras/{camera_id}",
    summary="Add or change a camera",
    responses=answered(CAMERA, added="Added"),
)
def put_camera(
    request: Request,
    response: Response,
    camera_id: str,
    camera: Annotated[Camera, Body(examples=[CAMERA])],
    _: Setter,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """An address whose password is hidden, as it is shown, keeps its password. Workers follow within seconds."""
    if camera.id != camera_id:
        raise Problem(422, "Not valid", f"the address names camera {camera_id!r}, the body {camera.id!r}")
    book, said = _book(request), camera.model_dump(mode="json", exclude_unset=True)
    if _sound(lambda: book.put(camera_id, said, _tag(if_match))):
        response.status_code = 201
    city, tag = _read(request)
    response.headers["ETag"] = f'"{tag}"'
    return _shown(_camera(city, camera_id))


@router.delete("/cameras/{camera_id}", status_code=204, summary="Watch a camera no more")
def remove_camera(request: Request, camera_id: str, _: Setter, if_match: IfMatch = None) -> None:
    """Its cases stay."""
    book = _book(request)
    _sound(lambda: book.remove(camera_id, _tag(if_match)))


@router.get("/cameras/{camera_id}/views/{view_id}/zones", summary="The zones of a view", responses=answered([ZONE]))
def read_zones(request: Request, response: Response, camera_id: str, view_id: str, _: Reader) -> list[dict[str, Any]]:
    city, tag = _read(request)
    response.headers["ETag"] = f'"{tag}"'
    return _zones(city, camera_id, view_id)


@router.put("/cameras/{camera_id}/views/{view_id}/zones", summary="Other zones for a view", responses=answered([ZONE]))
def put_zones(
    request: Request,
    response: Response,
    camera_id: str,
    view_id: str,
    zones: Annotated[list[Zone], Body(examples=[[ZONE]])],
    _: Setter,
    if_match: IfMatch = None,
) -> list[dict[str, Any]]:
    """All of them, instead of those it has. What stands goes on standing; other rules hold from the next picture on."""
    book = _book(request)
    said = [zone.model_dump(mode="json", exclude_unset=True) for zone in zones]
    _sound(lambda: book.put_zones(camera_id, view_id, said, _tag(if_match)))
    city, tag = _read(request)
    response.headers["ETag"] = f'"{tag}"'
    return _zones(city, camera_id, view_id)


def _book(request: Request) -> CityBook:
    office: Office = request.app.state.office
    if office.city is None:
        raise Problem(404, "Not found", "the service was started without a city file (streetorder serve --cameras)")
    return office.city


def _read(request: Request) -> tuple[City, str]:
    found: tuple[City, str] = _sound(_book(request).read)
    return found


def _sound(change: Callable[[], Any]) -> Any:
    try:
        return change()
    except KeyError as unknown:
        raise Problem(404, "Not found", str(unknown.args[0])) from None
    except CityChanged as changed:
        raise Problem(412, "Changed meanwhile", str(changed)) from None
    except CityFileError as problem:
        what = [redact(text) for text in problem.problems]
        raise Problem(422, "Not valid", "; ".join(what[:5]), errors=what[:100]) from None
    except OSError as problem:
        raise Problem(503, "The city file cannot be written", str(problem)) from None


def _camera(city: City, camera_id: str) -> Camera:
    return _sound(lambda: city.camera(camera_id))  # type: ignore[no-any-return]


def _zones(city: City, camera_id: str, view_id: str) -> list[dict[str, Any]]:
    camera = _camera(city, camera_id)
    view = _sound(lambda: camera.view(view_id))
    return [zone.model_dump(mode="json", exclude_unset=True) for zone in view.zones]


def _shown(camera: Camera) -> dict[str, Any]:
    said = camera.model_dump(mode="json", exclude_unset=True)
    said["urls"] = {role: redact(url) for role, url in said["urls"].items() if url is not None}
    return said


def _tag(if_match: str | None) -> str | None:
    said = None if if_match is None else if_match.strip().removeprefix("W/").strip('"')
    return None if said == "*" else said
