"""The service that keeps the cases, as a worker asks it."""

import httpx

PUSH_KEY_VARIABLE = "STREETORDER_PUSH_KEY"
TIMEOUT_S = 30.0
NOT_WANTED, PROBLEM = frozenset({404, 409, 413, 415, 422}), "application/problem+json"


class Away(Exception):
    """The service cannot take it now."""


class CaseService:
    """key: with the scope ``push``."""

    def __init__(self, url: str, key: str):
        self._url = url.rstrip("/")
        self._client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S, trust_env=False)

    def ask(self, method: str, path: str, **what: object) -> httpx.Response:
        """path: under ``/api/v1``. The answer is a success, or the service's own word that it does not want this, ever.

        Raises ``Away`` where it may work later; a wrong key is mended by people, and nothing is lost until then.
        """
        try:
            answer = self._client.request(method, f"{self._url}/api/v1{path}", **what)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise Away(f"{type(error).__name__}: {error}") from None
        if not answer.is_success and not _unwanted(answer):
            raise Away(f"{answer.status_code} {answer.reason_phrase}")
        return answer

    def close(self) -> None:
        self._client.close()


def _unwanted(answer: httpx.Response) -> bool:
    """Whether the service itself does not want it, for good; a proxy's word, or a wrong address, is no such answer."""
    return answer.status_code in NOT_WANTED and answer.headers.get("Content-Type", "").startswith(PROBLEM)
