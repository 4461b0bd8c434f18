"""What a worker answers by HTTP: health, metrics, status; its cameras, live with what it sees; and changes to them."""

import hmac
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import cv2
import numpy as np
import uvicorn
from fastapi import APIRouter, Body, Depends, FastAPI, Header, HTTPException, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.city import CityFileError
from service.worker.cameras import Cameras
from service.worker.metrics import WorkerCollector
from service.worker.status import status_of
from service.worker.worker import Worker
from streams.frame import Picture, StillLost

TOKEN_VARIABLE = "STREETORDER_WORKER_TOKEN"
OVERLAY_EVERY_S = 0.5


def make_app(worker: Worker, cameras: Cameras, may_change: Callable[..., None]) -> FastAPI:
    app = FastAPI(title="Street-order worker", docs_url=None, redoc_url=None)
    worker.measures.registry.register(WorkerCollector(lambda: status_of(worker), worker.measures, worker.decisions))

    @app.get("/healthz")
    def health(response: Response) -> dict[str, str]:
        """200 while the worker does its work, 503 with a reason otherwise."""
        status = status_of(worker)
        response.status_code = 200 if status.healthy else 503
        return {"status": "ok" if status.healthy else "failing", "reason": status.trouble}

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(worker.measures.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/status")
    def status() -> dict[str, object]:
        return status_of(worker).to_dict()

    app.include_router(_pictures(cameras))
    app.include_router(_changes(cameras), dependencies=[Depends(may_change)])
    return app


def _pictures(cameras: Cameras) -> APIRouter:
    router = APIRouter(prefix="/cameras/{camera_id}")

    @router.get("/overlay.jpg")
    def overlay(camera_id: str) -> Response:
        """The newest picture with zones, things and dwell clocks."""
        fresh = {"Cache-Control": "no-store"}
        return Response(_jpeg(_drawn(cameras, camera_id)), media_type="image/jpeg", headers=fresh)

    @router.get("/live")
    def live(camera_id: str) -> StreamingResponse:
        """The same again and again, as browsers show it in an ``<img>``."""
        _drawn(cameras, camera_id)
        return StreamingResponse(_parts(cameras, camera_id), media_type="multipart/x-mixed-replace; boundary=picture")

    return router


def _changes(cameras: Cameras) -> APIRouter:
    router = APIRouter(prefix="/cameras/{camera_id}")

    @router.put("", status_code=204)
    def put(camera_id: str, camera: Annotated[dict[str, Any], Body()]) -> None:
        """Add a camera, or change it: the body is the camera as it stands in the city file, in JSON."""
        if camera.setdefault("id", camera_id) != camera_id:
            raise HTTPException(422, f"the address names camera {camera_id!r}, the body {camera['id']!r}")
        _sound(lambda: cameras.put(camera_id, camera))

    @router.delete("", status_code=204)
    def remove(camera_id: str) -> None:
        """Watch it no more."""
        _sound(lambda: cameras.remove(camera_id))

    @router.post("/view", status_code=204)
    def view(camera_id: str, view: Annotated[str, Body(embed=True)]) -> None:
        """Say that a PTZ camera was moved to one of its views."""
        _sound(lambda: cameras.tell_view(camera_id, view))

    return router


def _sound(change: Callable[[], None]) -> None:
    try:
        change()
    except KeyError as unknown:
        raise HTTPException(404, str(unknown.args[0])) from None
    except CityFileError as problem:
        raise HTTPException(422, list(problem.problems)) from None


def _drawn(cameras: Cameras, camera_id: str) -> Picture:
    try:
        return cameras.overlay(camera_id)
    except KeyError as unknown:
        raise HTTPException(404, str(unknown.args[0])) from None
    except StillLost as lost:
        raise HTTPException(503, str(lost)) from None


def _parts(cameras: Cameras, camera_id: str) -> Iterator[bytes]:
    while True:
        try:
            picture = cameras.overlay(camera_id)
        except (KeyError, StillLost):
            return
        yield b"--picture\r\nContent-Type: image/jpeg\r\n\r\n" + _jpeg(picture) + b"\r\n"
        time.sleep(OVERLAY_EVERY_S)


def _jpeg(picture: Picture) -> bytes:
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(picture[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return bytes(data)


def guard(host: str) -> Callable[..., None]:
    """Who may change cameras: whoever has the token of the environment; without one, whoever is on this machine."""
    token, local = os.environ.get(TOKEN_VARIABLE), host in ("127.0.0.1", "::1", "localhost")

    def check(authorization: Annotated[str, Header()] = "") -> None:
        if token is not None and not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "a token is needed: Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})
        if token is None and not local:
            raise HTTPException(403, f"changes from the network need a token: set {TOKEN_VARIABLE} for the worker")

    return check


class WebServer:
    """Serves the worker's pages from a thread of its own. Raises ``OSError`` where the port is taken."""

    def __init__(self, worker: Worker, cameras: Cameras, host: str, port: int):
        self._socket = socket.create_server((host, port))
        app = make_app(worker, cameras, guard(host))
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(5.0)
