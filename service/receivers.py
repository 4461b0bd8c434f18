"""Other systems that are told of cases, as people write them in the handling file."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from cases.dispatch.feedback import Asked
from cases.dispatch.mqtt import Mqtt, MqttProblem
from cases.dispatch.open311 import Open311
from cases.dispatch.sender import Sender
from cases.dispatch.shifted import Shifted
from cases.dispatch.webhook import Webhook
from cases.life import Action
from service.city_fields import Entry, Identifier, TypeKey, one_of

SCHEMES = {"webhook": ("http", "https"), "open311": ("http", "https"), "mqtt": ("mqtt", "mqtts")}
SHORTEST_SECRET = 16
FILED = ["case.dispatch", "case.settle", "case.return"]
"""What makes a request of a case elsewhere, where nobody said otherwise."""
MESSAGES = ["case.opened", *(f"case.{action.value}" for action in Action)]
"""All that is told."""


def _message(value: str) -> str:
    return one_of(value, MESSAGES, "message")


MessageKind = Annotated[str, AfterValidator(_message), Field(json_schema_extra={"enum": MESSAGES})]


class ReceiverProblem(ValueError):
    """A receiver that cannot be told anything; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways out by name of the receiver, and who of them can be asked what they have done."""

    senders: dict[str, Sender]
    asked: dict[str, Asked]


class ReceiverIn(Entry):
    """Another system that is told of cases."""

    name: Identifier = Field(title="Name", description="Names it in the outbox; never reuse or change it.")
    kind: Literal["webhook", "open311", "mqtt"] = Field(
        default="webhook",
        title="Kind",
        description="webhook: CloudEvents by HTTP, signed. open311: requests of GeoReport v2. mqtt: CloudEvents to a"
        " broker.",
    )
    url: Annotated[str, Field(max_length=2000)] = Field(
        title="URL",
        description="http(s)://; of open311 where its services.json lies; mqtt(s):// with the topic.",
    )
    secret_env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = Field(
        default=None,
        title="Secret",
        description="Name of the environment variable that holds the secret that webhooks are signed with, the key of"
        " open311, or the password of the broker.",
    )
    user: str | None = Field(default=None, title="User", description="Of the broker; nobody where left out.")
    of: list[MessageKind] | None = Field(
        default=None,
        min_length=1,
        title="Messages",
        description="Such as case.dispatch; where left out all, of open311 case.dispatch, case.settle and case.return.",
    )
    services: dict[TypeKey, str] = Field(
        default={}, title="Services", description="Service codes of open311 by our types, where they differ."
    )
    jurisdiction: str = Field(
        default="", title="Jurisdiction", description="Of open311, where its receiver has several."
    )
    coordinates: Literal["WGS-84", "GCJ-02"] = Field(
        default="WGS-84", title="Coordinates", description="GCJ-02 where the receiver's maps are shifted."
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "ReceiverIn":
        schemes = SCHEMES[self.kind]
        if self.url.partition("://")[0] not in schemes:
            raise ValueError(f"url: a receiver of kind {self.kind} has {' or '.join(f'{s}://' for s in schemes)}")
        self._names_a_host()
        if self.secret_env is None and self.kind != "mqtt":
            raise ValueError(f"secret_env: a receiver of kind {self.kind} needs one")
        if self.user is not None and self.kind != "mqtt":
            raise ValueError("user: only a broker has one")
        if (self.services or self.jurisdiction) and self.kind != "open311":
            raise ValueError("services, jurisdiction: only open311 has them")
        return self

    def _names_a_host(self) -> None:
        """What is wrong is not quoted: it may be a password."""
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("url: its host or its port cannot be read") from None
        if not host:
            raise ValueError("url: a host is needed")
        if "@" in parts.netloc:
            raise ValueError("url: no user and no password may stand in it; a broker has user and secret_env for them")

    @property
    def kinds(self) -> frozenset[str]:
        """Of messages; none for all."""
        return frozenset(self.of if self.of is not None else FILED if self.kind == "open311" else ())

    def sender(self, source: str, allowed: Collection[str]) -> Webhook | Open311 | Mqtt:
        """Raises ``ReceiverProblem`` where a secret, or what MQTT needs, is missing."""
        secret = os.environ.get(self.secret_env or "", "")
        shortest = SHORTEST_SECRET if self.kind == "webhook" else 1
        if self.secret_env is not None and len(secret) < shortest:
            what = f"its secret, {shortest} characters or more" if shortest > 1 else "its secret"
            raise ReceiverProblem(
                f"receiver {self.name!r}: the environment variable {self.secret_env} must hold {what}"
            )
        if self.kind == "webhook":
            return Webhook(self.url, secret.encode(), source, allowed)
        if self.kind == "open311":
            return Open311(self.url, secret, self.services, self.jurisdiction, allowed)
        try:
            return Mqtt(self.url, source, self.user, secret, allowed)
        except MqttProblem as problem:
            raise ReceiverProblem(f"receiver {self.name!r}: {problem}") from None


def ways(receivers: Collection[ReceiverIn], source: str, allowed: Collection[str]) -> Ways:
    """source: URI that says whose messages they are. Raises ``ReceiverProblem``."""
    found = Ways({}, {})
    for said in receivers:
        sender = said.sender(source, allowed)
        found.senders[said.name] = Shifted(sender) if said.coordinates == "GCJ-02" else sender
        if isinstance(sender, Open311):
            found.asked[said.name] = sender
    return found
