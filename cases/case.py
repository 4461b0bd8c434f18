"""A case as its row knows it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from cases.life import State
from vision.records import iso


@dataclass(frozen=True, slots=True)
class Case:
    """Times UTC, places WGS-84. version: goes up with every change. For the rest see ``cases.store.tables``."""

    number: int
    id: str
    version: int
    state: State
    key: str
    producer: str
    filed: bool
    lat: float | None
    lon: float | None
    radius_m: float | None
    zone_kind: str | None
    cell: str | None
    street: str | None
    district: str | None
    department: str | None
    address: str | None
    description: str | None
    opened_at: datetime
    updated_at: datetime
    entered_at: datetime
    onset: datetime | None
    gone_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    escalated: int
    confirmed_by: str | None
    confirmed_at: datetime | None
    merged_into: str | None
    repeat_of: str | None
    rating: int | None
    hold: bool

    @classmethod
    def of(cls, row: Row[Any]) -> "Case":
        said = row._mapping
        return cls(**{f.name: said[f.name] for f in fields(cls)} | {"state": State(said["state"])})

    def to_dict(self) -> dict[str, Any]:
        """Plain values; times ISO 8601."""
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: iso(value) if isinstance(value, datetime) else value for name, value in said.items()}
