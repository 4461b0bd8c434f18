"""Clients that push confirmed detections one by one, each waiting for its answer, as many producers do.

``python -m benchmarks.push_load ADDRESS SECONDS PICTURE_BYTES KEY...``: a client for each key; prints seconds for each
push as JSON. A process of its own, so that its cost is not the service's.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

BOUNDARY = "streetorder-benchmark"


@dataclass(frozen=True, slots=True)
class Pushed:
    """rate: a second, of all clients together. seconds: of each push, sorted."""

    rate: float
    seconds: tuple[float, ...]

    def at(self, share: float) -> float:
        """Within so many seconds this share of the pushes was acknowledged."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def load(address: str, keys: Sequence[str], seconds: float, picture_bytes: int) -> Pushed:
    """Push for so long. Raises ``RuntimeError`` with what was refused."""
    words = [sys.executable, "-m", "benchmarks.push_load", address, str(seconds), str(picture_bytes), *keys]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    took = sorted(json.loads(done.stdout))
    return Pushed(len(took) / seconds, tuple(took))


def detection(client: int, number: int, chance: random.Random) -> dict[str, object]:
    """One that is confirmed, somewhere in a city, at a place of its own."""
    violation = {
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "camera_id": f"camera-{client}-{number % 50}",
        "key": "overflowing_bin",
        "onset": "2026-05-06T03:50:00Z",
        "confirmed_at": "2026-05-06T04:00:00Z",
        "xyxy": [0.41, 0.52, 0.47, 0.66],
        "size": [1920, 1080],
        "place": {"lat": 24.3 + 0.4 * chance.random(), "lon": 117.9 + 0.5 * chance.random(), "radius_m": 6.0},
        "score": 0.83,
    }
    return {"kind": "opened", "violation": violation}


def _client(address: str, key: str, number: int, until: float, picture: bytes, took: list[float]) -> None:
    parts, chance = urlsplit(address), random.Random(os.urandom(8))
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    count = 0
    while time.monotonic() < until:
        said, begun = detection(number, count, chance), time.monotonic()
        _post(connection, key, "/api/v1/events", "application/json", json.dumps(said).encode())
        if picture:
            path = f"/api/v1/violations/{said['violation']['id']}/evidence"  # type: ignore[index]
            _post(connection, key, path, f"multipart/form-data; boundary={BOUNDARY}", _form(picture, chance))
        took.append(time.monotonic() - begun)
        count += 1


def _form(picture: bytes, chance: random.Random) -> bytes:
    mark = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    unlike = chance.randbytes(8)  # no two pictures are the same
    head = f'{mark}"kind"\r\n\r\ntrigger\r\n{mark}"file"; filename="x.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head.encode() + picture + unlike + f"\r\n--{BOUNDARY}--\r\n".encode()


def _post(connection: http.client.HTTPConnection, key: str, path: str, kind: str, body: bytes) -> None:
    connection.request("POST", path, body, {"Authorization": f"Bearer {key}", "Content-Type": kind})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 201:
        raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")


def _main(address: str, seconds: float, picture_bytes: int, keys: Sequence[str]) -> None:
    picture = b"\xff\xd8\xff" + os.urandom(picture_bytes - 3) if picture_bytes else b""
    took: list[float] = []
    failed: list[BaseException] = []

    def run(number: int, key: str) -> None:
        try:
            _client(address, key, number, until, picture, took)
        except BaseException as error:
            failed.append(error)

    until = time.monotonic() + seconds
    threads = [threading.Thread(target=run, args=each) for each in enumerate(keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    print(json.dumps(took))


if __name__ == "__main__":
    _main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
