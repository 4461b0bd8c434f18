"""Filing cases with another system that speaks Open311 GeoReport v2, and learning from it that they are handled.

The specification has no key by which a receiver knows what it has already. So each request says the case's id in its
description, and before a message is tried again its like is looked for.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import httpx

from cases.dispatch.addresses import Resolve, resolved
from cases.dispatch.pinned import LARGEST, Pinned
from cases.dispatch.sender import Message, NotDelivered, Refused
from cases.life import State
from vision.records import iso

_WITH_DEPARTMENT = frozenset({State.DISPATCHED.value, State.HANDLING.value})
LOOKED_BACK = timedelta(minutes=10)
"""Clocks differ: so much before the message was made its like is looked for."""
MOST = 50
"""Requests that are asked for at a time."""
_WHOEVER_ASKS = frozenset({401, 403})
"""Refusals that have nothing to do with which requests were asked for."""


class Open311:
    """url: where its ``services.json`` lies. services: our types by key, as its service codes; the key itself where a
    type is not among them.
    """

    def __init__(
        self,
        url: str,
        key: str,
        services: Mapping[str, str],
        jurisdiction: str = "",
        allowed: Collection[str] = (),
        resolve: Resolve = resolved,
    ):
        self.url = url.rstrip("/")
        self._services = services
        self._known = {"jurisdiction_id": jurisdiction} if jurisdiction else {}
        self._key = key
        self._pinned = Pinned(allowed, resolve)

    def send(self, message: Message) -> dict[str, Any] | None:
        said = message.body["case"]
        if said["state"] not in _WITH_DEPARTMENT:
            return None  # it went back to the desk: nobody is to do anything
        code = self._services.get(said["key"], said["key"])
        reference = f"[{message.case_id}/{message.id}]"
        found = self._filed(message, code, reference) if message.tries else None
        if found is None:
            form = self._known | {"api_key": self._key, "service_code": code}
            form |= {name: str(value) for name, value in _place(said).items()}
            text = said.get("description") or f"case {said['number']}, seen by camera since {said['onset']}"
            form["description"] = f"{text} {reference}"
            found = _first(_json(self._pinned.ask("POST", f"{self.url}/requests.json", data=form)))
        names = ("service_request_id", "token")
        return {name: None if found.get(name) is None else str(found[name]) for name in names}

    def handled(self, ids: Collection[str]) -> dict[str, str]:
        """Of these requests those that are closed, with what was noted. Raises ``NotDelivered``, ``Refused``."""
        found, rest = {}, sorted(ids)
        while rest:
            asked, rest = rest[:MOST], rest[MOST:]
            for row in self._known_of(asked):
                if row.get("status") == "closed":
                    found[str(row.get("service_request_id"))] = str(row.get("status_notes") or "")
        return found

    def _known_of(self, ids: list[str]) -> list[dict[str, Any]]:
        """Some servers refuse all where they do not know one: it is found by halves, and the others are told of."""
        try:
            return self._requests(service_request_id=",".join(ids))
        except Refused as refused:
            if refused.status in _WHOEVER_ASKS:
                raise
        half = len(ids) // 2
        return self._known_of(ids[:half]) + self._known_of(ids[half:]) if half else []

    def _filed(self, message: Message, code: str, reference: str) -> dict[str, Any] | None:
        """What an earlier try left there, though its answer did not come."""
        since = iso(message.created_at - LOOKED_BACK)
        rows = self._requests(service_code=code, start_date=since)
        return next((row for row in rows if reference in str(row.get("description"))), None)

    def _requests(self, **asked: str | None) -> list[dict[str, Any]]:
        answer = self._pinned.ask("GET", f"{self.url}/requests.json", params=self._known | asked)
        rows = _json(answer)
        if not isinstance(rows, list):
            raise NotDelivered(f"{answer.url.host}: its requests are no list")
        return [row for row in rows if isinstance(row, dict)]


def _json(answer: httpx.Response) -> Any:
    """A page for people where an answer should be is a server that is being mended."""
    if len(answer.content) >= LARGEST:
        raise NotDelivered(f"{answer.url.host}: answers of up to {LARGEST >> 20} MB are read")
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise NotDelivered(f"{answer.url.host}: no JSON but {answer.headers.get('Content-Type')}") from None


def _place(said: Mapping[str, Any]) -> dict[str, Any]:
    if said.get("lat") is not None and said.get("lon") is not None:
        return {"lat": said["lat"], "long": said["lon"]}
    return {"address_string": said.get("address") or said.get("street") or said.get("district") or "unknown"}


def _first(rows: Any) -> dict[str, Any]:
    row = rows[0] if isinstance(rows, list) and rows else rows
    if not isinstance(row, dict):
        raise NotDelivered("the answer holds no request")
    return row
