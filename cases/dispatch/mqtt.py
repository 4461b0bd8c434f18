"""CloudEvents over MQTT (QoS 1), by the extra ``mqtt``: for platforms that listen to a broker."""

import ssl
import threading
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from cases.dispatch.addresses import NotAllowedAddress, Resolve, checked, resolved
from cases.dispatch.sender import Message, NotDelivered
from cases.dispatch.webhook import cloud_event

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
            raise MqttProblem(f"{url}: a topic is needed, such as mqtt://host/streetorder")
        self.url = url
        self._source = source
        self._allowed = allowed
        self._resolve = resolve
        self._client = Client(CallbackAPIVersion.VERSION2, clean_session=True)
        self._client.enable_logger()
        if user is not None:
            self._client.username_pw_set(user, password)
        self._secure = parts.scheme == "mqtts"
        if self._secure:
            self._client.tls_set_context(ssl.create_default_context())
        self._running = False
        self._answered, self._refused = threading.Event(), ""
        self._client.on_connect = self._on_connect

    def send(self, message: Message) -> dict[str, Any] | None:
        """Delivered when the broker has acknowledged it."""
        self._connect()
        topic = f"{self._topic}/{message.type.replace('.', '/')}"
        sent = self._client.publish(topic, cloud_event(message, self._source), qos=1)
        try:
            sent.wait_for_publish(TIMEOUT_S)
        except (RuntimeError, ValueError) as error:
            raise NotDelivered(f"{self.url}: {error}") from None
        if not sent.is_published():
            self._leave()
            raise NotDelivered(f"{self.url}: not acknowledged within {TIMEOUT_S:g} s")
        return None

    def _connect(self) -> None:
        if self._running and self._client.is_connected():
            return
        self._leave()
        try:
            host, address, port = checked(self.url, self._allowed, self._resolve, PORTS)
            # By its name where a certificate says whose the address is.
            self._client.connect(host if self._secure else address, port)
        except (NotAllowedAddress, OSError) as error:
            raise NotDelivered(f"{self.url}: {error}") from None
        self._answered.clear()
        self._client.loop_start()
        self._running = True
        if not self._answered.wait(TIMEOUT_S) or self._refused:
            self._leave()
            raise NotDelivered(f"{self.url}: {self._refused or 'the broker does not answer'}")

    def _on_connect(self, _: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        self._refused = str(reason) if reason.is_failure else ""
        self._answered.set()

    def _leave(self) -> None:
        """What was not acknowledged is sent again by the outbox, so the client forgets it."""
        if self._running:
            self._client.disconnect()
            self._client.loop_stop()
            self._running = False
