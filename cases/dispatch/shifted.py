"""GCJ-02, the shifted coordinates that maps in China show, for receivers that ask for them; inside all is WGS-84."""

import math
from dataclasses import replace
from typing import Any

from cases.dispatch.sender import Message, Sender

AXIS_M, ECCENTRICITY_2 = 6_378_245.0, 0.006_693_421_622_965_943
"""The ellipsoid of Krasovsky 1940, on which the shift is defined."""
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""Outside of it nothing is shifted."""


class Shifted:
    """A receiver that wants GCJ-02: the case's place is shifted, and the message says so."""

    def __init__(self, sender: Sender):
        self._sender = sender

    def send(self, message: Message) -> dict[str, Any] | None:
        case = dict(message.body["case"])
        if case.get("lat") is not None and case.get("lon") is not None:
            case["lat"], case["lon"] = gcj02(case["lat"], case["lon"])
        return self._sender.send(replace(message, body=message.body | {"case": case, "coordinates": "GCJ-02"}))


def gcj02(lat: float, lon: float) -> tuple[float, float]:
    """WGS-84 degrees as GCJ-02 degrees, as open implementations have agreed on since 2010 (the definition itself was
    never published); in Xiamen some 580 m to the south-east.
    """
    if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += _waves(x, (6, 20), (2, 20)) + _waves(y, (1, 20), (1 / 3, 40)) + _waves(y, (1 / 12, 160), (1 / 30, 320))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += _waves(x, (6, 20), (2, 20)) + _waves(x, (1, 20), (1 / 3, 40)) + _waves(x, (1 / 12, 150), (1 / 30, 300))
    flat = 1 - ECCENTRICITY_2 * math.sin(math.radians(lat)) ** 2
    per_degree_north = math.radians(AXIS_M * (1 - ECCENTRICITY_2) / flat**1.5)
    per_degree_east = math.radians(AXIS_M / math.sqrt(flat) * math.cos(math.radians(lat)))
    return lat + north / per_degree_north, lon + east / per_degree_east


def _waves(at: float, *waves: tuple[float, float]) -> float:
    """Two thirds of the sum of sines; each has so many half turns a degree, and an amplitude."""
    return sum(high * math.sin(turns * math.pi * at) for turns, high in waves) * 2 / 3
