"""CloudEvents over MQTT (QoS 1), by the extra ``mqtt``: for platforms that listen to a broker."""

import ssl
import threading
from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cases.dispatch.addresses import NotAllowedAddress, Resolve, checked, resolved
from cases.dispatch.sender import Message, NotDelivered
from cases.dispatch.webhook import cloud_event

if TYPE_CHECKING:
    from paho.mqtt.client import Client

TIMEOUT_S = 10.0
PORTS = {"mqtt": 1883, "mqtts": 8883}


class MqttProblem(ValueError):
    """MQTT cannot be used; the message says why."""


class Mqtt:
    """url: ``mqtt://host:port/topic`` or ``mqtts://``; messages go to ``topic/<type>``, such as ``topic/case/close``.

    user: None for nobody. Raises ``MqttProblem``.
    """

    def __init__(
        self,
        url: str,
        source: str,
        user: str | None = None,
        password: str = "",
        allowed: Collection[str] = (),
        resolve: Resolve = resolved,
    ):
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise MqttProblem("telling a broker needs: pip install 'streetorder[mqtt]'") from None
        parts = urlsplit(url)
        self._topic = parts.path.strip("/")
        if not self._topic or any(c in self._topic for c in "#+"):
            raise MqttProblem("a topic is needed, such as mqtt://host/streetorder, without # and +")
        self.url = url
        self._shown = f"{parts.scheme}://{parts.hostname}"
        self._source = source
        self._login = None if user is None else (user, password)
        self._secure = parts.scheme == "mqtts"
        self._allowed = allowed
        self._resolve = resolve
        self._new = partial(Client, CallbackAPIVersion.VERSION2, clean_session=True, reconnect_on_failure=False)
        self._client: Client | None = None
        self._answered, self._refused = threading.Event(), ""

    def send(self, message: Message) -> dict[str, Any] | None:
        """Delivered when the broker has acknowledged it."""
        if self._client is None or not self._client.is_connected():
            self._leave()
            self._client = self._connected()
        topic, event = f"{self._topic}/{message.type.replace('.', '/')}", cloud_event(message, self._source)
        try:
            sent = self._client.publish(topic, event, qos=1)
            sent.wait_for_publish(TIMEOUT_S)
        except (RuntimeError, ValueError) as error:
            self._leave()
            raise NotDelivered(f"{self._shown}: {error}") from None
        if not sent.is_published():
            self._leave()
            raise NotDelivered(f"{self._shown}: not acknowledged within {TIMEOUT_S:g} s")
        return None

    def _connected(self) -> "Client":
        """A new client each time: one that was used before sends once more what was not acknowledged then."""
        client = self._new()
        client.enable_logger()
        if self._login is not None:
            client.username_pw_set(*self._login)
        client.on_connect = self._on_connect
        self._answered.clear()
        try:
            host, address, port = checked(self.url, self._allowed, self._resolve, PORTS)
            if self._secure:
                client.tls_set_context(_Named.of(host))
            client.connect(address, port)
        except (NotAllowedAddress, OSError) as error:
            raise NotDelivered(f"{self._shown}: {error}") from None
        client.loop_start()
        if not self._answered.wait(TIMEOUT_S) or self._refused:
            _end(client)
            raise NotDelivered(f"{self._shown}: {self._refused or 'the broker does not answer'}")
        return client

    def _on_connect(self, _: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        self._refused = str(reason) if reason.is_failure else ""
        self._answered.set()

    def _leave(self) -> None:
        """What was not acknowledged is sent again by the outbox, so the client is forgotten."""
        if self._client is not None:
            _end(self._client)
            self._client = None


class _Named(ssl.SSLContext):
    """Asks the broker for its certificate by its name: the connection goes to the address that was checked."""

    name: str

    @classmethod
    def of(cls, name: str) -> "_Named":
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
        context.name = name
        return context

    def wrap_socket(self, *what: Any, **how: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*what, **how | {"server_hostname": self.name})


def _end(client: "Client") -> None:
    client.disconnect()
    client.loop_stop()
