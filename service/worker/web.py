"""What a worker answers by HTTP: health, metrics, status."""

import socket
import threading
import time

import uvicorn
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.worker.metrics import WorkerCollector
from service.worker.status import status_of
from service.worker.worker import Worker


def make_app(worker: Worker) -> FastAPI:
    app = FastAPI(title="Street-order worker", docs_url=None, redoc_url=None)
    worker.measures.registry.register(WorkerCollector(lambda: status_of(worker), worker.measures))

    @app.get("/healthz")
    def health(response: Response) -> dict[str, str]:
        """200 while the worker does its work, 503 with a reason otherwise."""
        status = status_of(worker)
        response.status_code = 200 if status.healthy else 503
        return {"status": "ok" if status.healthy else "failing", "reason": status.evidence_trouble}

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(worker.measures.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/status")
    def status() -> dict[str, object]:
        return status_of(worker).to_dict()

    return app


class WebServer:
    """Serves the worker's pages from a thread of its own. Raises ``OSError`` where the port is taken."""

    def __init__(self, worker: Worker, host: str, port: int):
        self._socket = socket.create_server((host, port))
        self._server = uvicorn.Server(uvicorn.Config(make_app(worker), log_config=None, access_log=False))
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
