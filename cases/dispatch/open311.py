"""Filing cases with another system that speaks Open311 GeoReport v2, and learning from it that they are handled.

The specification has no key by which a receiver knows what it has already. So each request says the case's id in its
description, and before a message is tried again its like is looked for.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import httpx

from cases.dispatch.addresses import Resolve, resolved
from cases.dispatch.pinned import Pinned
from cases.dispatch.sender import Message, NotDelivered
from cases.life import State
from vision.records import iso

_WITH_DEPARTMENT = frozenset({State.DISPATCHED.value, State.HANDLING.value})
LOOKED_BACK = timedelta(minutes=10)
"""Clocks differ: so much before the message was made its like is looked for."""
MOST = 50
"""Requests that are asked for at a time."""


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
        id = found.get("service_request_id")
        return {"service_request_id": None if id is None else str(id), "token": found.get("token")}

    def handled(self, ids: Collection[str]) -> dict[str, str]:
        """Of these requests those that are closed, with what was noted. Raises ``NotDelivered``, ``Refused``."""
        found, rest = {}, sorted(ids)
        while rest:
            asked, rest = rest[:MOST], rest[MOST:]
            for row in self._requests(service_request_id=",".join(asked)):
                if row.get("status") == "closed":
                    found[str(row.get("service_request_id"))] = str(row.get("status_notes") or "")
        return found

    def _filed(self, message: Message, code: str, reference: str) -> dict[str, Any] | None:
        """What an earlier try left there, though its answer did not come."""
        since = iso(message.created_at - LOOKED_BACK)
        rows = self._requests(service_code=code, start_date=since)
        return next((row for row in rows if reference in str(row.get("description"))), None)

    def _requests(self, **asked: str | None) -> list[dict[str, Any]]:
        answer = self._pinned.ask("GET", f"{self.url}/requests.json", params=self._known | asked)
        rows = _json(answer)
        if not isinstance(rows, list):
            raise NotDelivered(f"{self.url}: its requests are no list")
        return [row for row in rows if isinstance(row, dict)]


def _json(answer: httpx.Response) -> Any:
    """A page for people where an answer should be is a server that is being mended."""
    try:
        return answer.json()
    except ValueError:
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
