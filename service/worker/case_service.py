"""The service that keeps the cases, as a worker asks it."""

import hashlib
import os
import re
from collections.abc import Callable
from typing import Any

import httpx

PUSH_KEY_VARIABLE = "STREETORDER_PUSH_KEY"
API = "/api/v1"
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
FILE_TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=300.0)
"""A clip of 256 MB is answered when a slow store has all of it; cut off earlier, it would be sent again for ever."""
UNWANTED, PROBLEM = frozenset({409, 413, 415, 422}), "application/problem+json"
NO_CASE = "urn:streetorder:no-case"
"""The service knows of no such violation. Any other 404 is a wrong address."""


class NotUsable(ValueError):
    """An address or a key that cannot be one; the message says what is allowed."""


class Away(Exception):
    """The service cannot take it now."""


class Unwanted(Exception):
    """The service itself does not want it; the message is its answer."""


class CaseService:
    """url: where ``/api/v1`` is. key: with the scope ``push``."""

    def __init__(self, url: str, key: str):
        self._url = url.rstrip("/") + API
        self._client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT, trust_env=False)

    @property
    def mark(self) -> str:
        """Of this address, for names of files."""
        return hashlib.sha256(self._url.encode()).hexdigest()[:8]

    @classmethod
    def named(cls, option: str, url: str) -> "CaseService":
        """By what a person gave as an option, and the key of the environment. Raises ``NotUsable``."""
        if not _is_address(url):
            raise NotUsable(
                f"{option} {url}: http://HOST:PORT or https://HOST is needed, with no user, no password, and behind it "
                f"no more than the path under which a proxy shows the service, which is never {API}"
            )
        key = os.environ.get(PUSH_KEY_VARIABLE, "").strip()
        if not re.fullmatch(r"[!-~]+", key):  # else an error would show it
            raise NotUsable(f"the environment variable {PUSH_KEY_VARIABLE} must hold an API key with the scope push")
        return cls(url, key)

    def ask(self, method: str, path: str, answers: Callable[[Any], bool], **what: Any) -> Any:
        """What the service says, as JSON. answers: whether that is the answer to this, and not a page of whatever else
        listens there.

        Raises ``Unwanted``, and ``Away`` where it may work later: a wrong address or key is mended by people.
        """
        try:
            timeout = FILE_TIMEOUT if "files" in what else TIMEOUT
            answer = self._client.request(method, f"{self._url}{path}", timeout=timeout, **what)
        except httpx.HTTPError as error:
            raise Away(f"{type(error).__name__}: {error}") from None
        said = _json(answer)
        if answer.status_code in (200, 201) and answers(said):
            return said
        if _unwanted(answer, said):
            raise Unwanted(answer.text[:500])
        strange = "; this is no service that keeps cases, is the address right?"
        why = strange if answer.is_success or answer.status_code == 404 else ""
        raise Away(f"{answer.status_code} {answer.reason_phrase}{why}")

    def close(self) -> None:
        self._client.close()


def says(said: Any, **fields: object) -> bool:
    """Whether an answer holds these values."""
    return isinstance(said, dict) and fields.items() <= said.items()


def _is_address(text: str) -> bool:
    try:
        url = httpx.URL(text)
        url.host.encode("idna")  # as connecting does
    except (httpx.InvalidURL, ValueError):
        return False
    port = 80 if url.port is None else url.port
    more = set("@?#") & set(text) or url.path.rstrip("/").endswith(API)
    return url.scheme in ("http", "https") and bool(url.host) and 0 < port < 65536 and not more


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _unwanted(answer: httpx.Response, said: Any) -> bool:
    """Whether the service itself does not want it; a proxy's word, or a wrong address, is no such answer."""
    its_word = answer.headers.get("Content-Type", "").startswith(PROBLEM)
    return its_word and (answer.status_code in UNWANTED or (answer.status_code == 404 and says(said, type=NO_CASE)))
