"""Who may see a camera: Basic and Digest authentication (RFC 2617; with ``qop=auth`` as in RFC 7616, MD5)."""

import base64
import binascii
import hashlib
import hmac
import re

from streams.simulator.rtsp import Request

REALM = "streetorder simulator"
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


class Guard:
    """Asks for one user and password. Digest is offered first and without ``qop``, as cameras do."""

    def __init__(self, user: str, password: str):
        self._user = user
        self._password = password

    def challenge(self, nonce: str) -> list[tuple[str, str]]:
        return [
            ("WWW-Authenticate", f'Digest realm="{REALM}", nonce="{nonce}"'),
            ("WWW-Authenticate", f'Basic realm="{REALM}"'),
        ]

    def admits(self, request: Request, nonce: str) -> bool:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return hmac.compare_digest(_decoded(rest.strip()), f"{self._user}:{self._password}".encode())
        if scheme.lower() == "digest":
            return self._digest(request.method, rest, nonce)
        return False

    def _digest(self, method: str, text: str, nonce: str) -> bool:
        given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(text)}
        if (given.get("username"), given.get("realm"), given.get("nonce")) != (self._user, REALM, nonce):
            return False
        secret = _md5(f"{self._user}:{REALM}:{self._password}")
        asked = _md5(f"{method}:{given.get('uri', '')}")
        middle = nonce
        if "qop" in given:
            middle = f"{nonce}:{given.get('nc', '')}:{given.get('cnonce', '')}:{given['qop']}"
        return hmac.compare_digest(given.get("response", "").encode(), _md5(f"{secret}:{middle}:{asked}").encode())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
