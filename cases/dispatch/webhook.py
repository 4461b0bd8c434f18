"""CloudEvents 1.0 over HTTP, signed: whoever has the secret knows that a message is ours, whole, and not an old one."""

import hashlib
import hmac
import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from cases.dispatch.addresses import Resolve, resolved
from cases.dispatch.pinned import Pinned
from cases.dispatch.sender import Message
from vision.records import iso

SIGNATURE, MOMENT = "Streetorder-Signature", "Streetorder-Timestamp"


def signature(secret: bytes, at: datetime, body: bytes) -> str:
    """``sha256=`` and the HMAC-SHA-256 (hex) of the seconds since 1970, a full stop and the body."""
    text = f"{int(at.timestamp())}.".encode() + body
    return "sha256=" + hmac.new(secret, text, hashlib.sha256).hexdigest()


def genuine(secret: bytes, at: str, body: bytes, said: str, now: datetime, oldest_s: float = 300.0) -> bool:
    """For receivers: whether a message is of whoever has the secret, and not one that is played again."""
    if not at.isdecimal() or len(at) > 12 or abs(now.timestamp() - int(at)) > oldest_s:
        return False
    due = signature(secret, datetime.fromtimestamp(int(at), UTC), body)
    return hmac.compare_digest(due.encode(), said.encode(errors="replace"))


class Webhook:
    """source: URI that says whose events they are. allowed: hosts and networks that may be private."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        source: str,
        allowed: Collection[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = resolved,
    ):
        self.url = url
        self._secret = secret
        self._source = source
        self._clock = clock
        self._pinned = Pinned(allowed, resolve)

    def send(self, message: Message) -> dict[str, Any] | None:
        now, body = self._clock(), cloud_event(message, self._source)
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "Idempotency-Key": message.id,
            MOMENT: str(int(now.timestamp())),
            SIGNATURE: signature(self._secret, now, body),
        }
        answer = self._pinned.ask("POST", self.url, headers, content=body)
        return {"status": answer.status_code, "body": answer.text}


def cloud_event(message: Message, source: str) -> bytes:
    """The message as CloudEvents 1.0 in JSON, structured mode."""
    event = {
        "specversion": "1.0",
        "id": message.id,
        "source": source,
        "type": f"streetorder.{message.type}",
        "subject": message.case_id,
        "time": iso(message.created_at),
        "datacontenttype": "application/json",
        "data": message.body,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
