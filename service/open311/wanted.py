"""Which requests somebody asks for: the query of GET requests, and what many servers know beyond the specification
(``page``, ``page_size``, ``updated_after``, ``updated_before``).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from sqlalchemy import ColumnElement

from cases.life import OPEN
from cases.store.tables import cases
from service.api.event_shape import in_our_time
from service.api.problems import Problem

MOST, SPAN = 1000, timedelta(days=90)
"""As the specification has it: so many requests, of so long a time, are answered at once."""


def _parted(said: Sequence[str]) -> list[str]:
    return [word.strip() for text in said for word in text.split(",") if word.strip()]


def _written(text: Any) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that was not quoted
    except ValueError:
        raise ValueError("a W3C date and time such as 2026-05-06T04:00:00Z is needed") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


When = Annotated[datetime, BeforeValidator(_written), AfterValidator(in_our_time)]
Number = Annotated[int, Field(ge=0, le=2**53)]
Commas = Field(max_length=MOST, description="Several: with commas between.")


class Wanted(BaseModel):
    """What is empty counts as left out, as the specification has it."""

    service_request_id: Annotated[list[Number], BeforeValidator(_parted), Commas] = []
    service_code: Annotated[list[str], BeforeValidator(_parted), Commas] = []
    status: Annotated[list[Literal["open", "closed"]], BeforeValidator(_parted), Commas] = []
    start_date: When | None = Field(default=None, description="When it was filed; 90 days before the end if left out.")
    end_date: When | None = Field(default=None, description="Now if left out.")
    updated_after: When | None = Field(default=None, description="When it was changed; as start_date.")
    updated_before: When | None = Field(default=None, description="As end_date.")
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=MOST)] = MOST

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_empty(cls, said: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in said.items() if value != ""}

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """Raises ``Problem`` for too long a time."""
        c = cases.c
        if self.service_request_id:  # overrides all others
            return [c.number.in_(self.service_request_id)]
        found: list[ColumnElement[bool]] = []
        if self.service_code:
            found.append(c.key.in_(self.service_code))
        if len(set(self.status)) == 1:
            states = sorted(state.value for state in OPEN)
            found.append(c.state.in_(states) if "open" in self.status else c.state.not_in(states))
        changed = self.updated_after or self.updated_before
        if changed:
            found += _span(
                c.updated_at, "updated_after", self.updated_after, "updated_before", self.updated_before, now
            )
        if self.start_date or self.end_date or not changed:
            found += _span(c.opened_at, "start_date", self.start_date, "end_date", self.end_date, now)
        return found


def _span(
    column: ColumnElement[datetime],
    first: str,
    since: datetime | None,
    last: str,
    until: datetime | None,
    now: datetime,
) -> list[ColumnElement[bool]]:
    until = until or now
    since = since or until - SPAN
    if until - since > SPAN + timedelta(seconds=1):
        raise Problem(400, "Not valid", f"{first} and {last} (now, if left out) may be {SPAN.days} days apart at most")
    return [column >= since, column <= until]
