"""The tables. Times are UTC (``Moment``), names are the city's own words."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    literal_column,
    text,
)

from cases.life import OPEN, State
from cases.store.columns import Json, Moment

NAME, ID = String(150), String(36)
OVER = sorted(frozenset(State) - OPEN)
IS_OPEN: ColumnElement[Any] = literal_column(f"state NOT IN ({', '.join(repr(state.value) for state in OVER)})")
"""Written out, not bound: only so do databases see that an index over open cases serves a question about them."""
_MERGED = text("merged_into IS NOT NULL")
_REPORTED = text(f"{IS_OPEN} AND filed")
_WAITS = text(f"{IS_OPEN} AND due_at IS NOT NULL")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

cases = Table(
    "cases",
    metadata,
    # Counts cases as they come: short enough for the phone, and the order of pages.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", ID, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("key", String(64), nullable=False),
    Column("producer", NAME, nullable=False),
    # By people, as a request (Open311), and not by a camera.
    Column("filed", Boolean, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("radius_m", Float),
    Column("zone_kind", String(32)),
    Column("cell", NAME),
    Column("street", NAME),
    Column("district", NAME),
    Column("department", NAME),
    Column("address", Text),
    Column("description", Text),
    Column("opened_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # When the present state began.
    Column("entered_at", Moment, nullable=False),
    Column("onset", Moment),
    # Since when every camera that saw it sees that it is gone.
    Column("gone_at", Moment),
    Column("closed_at", Moment),
    Column("due_at", Moment),
    Column("escalated", Integer, nullable=False),
    Column("confirmed_by", NAME),
    Column("confirmed_at", Moment),
    Column("merged_into", ID),
    Column("repeat_of", ID),
    Column("rating", Integer),
    # Nothing of it may be deleted while that is so.
    Column("hold", Boolean, nullable=False),
    # What pages and filters go by, each ending in the order of pages.
    Index(None, "state", "number"),
    # Which deadline comes next, whatever became of the million before.
    Index("ix_cases_waiting", "due_at", "number", sqlite_where=_WAITS, postgresql_where=_WAITS),
    # What ended at a place not long ago.
    Index(None, "key", "state", "closed_at"),
    Index(None, "key", "state", "number"),
    Index(None, "district", "state", "number"),
    Index(None, "department", "state", "number"),
    Index(None, "opened_at"),
    Index(None, "lat", "lon"),
    Index(None, "updated_at", "number"),
    # What people reported and is not over, by place: asked for with each event of a camera.
    Index("ix_cases_reported", "key", "lat", "lon", sqlite_where=_REPORTED, postgresql_where=_REPORTED),
    Index("ix_cases_merged_into", "merged_into", sqlite_where=_MERGED, postgresql_where=_MERGED),
    sqlite_autoincrement=True,
)

violations = Table(
    "violations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("case_id", ID, ForeignKey("cases.id"), nullable=False, index=True),
    Column("camera_id", NAME, nullable=False),
    Column("view_id", NAME, nullable=False),
    Column("key", String(64), nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("onset", Moment),
    Column("cleared_at", Moment),
    Column("gone", Boolean, nullable=False),
    # Who pushed it, and is asked about it.
    Column("producer", NAME, nullable=False),
    # The newest event, whole.
    Column("seq", Integer, nullable=False),
    Column("event", Json, nullable=False),
    # When the newest event came.
    Column("heard_at", Moment, nullable=False),
    # What may be one real thing: of a type, nearby, at one time.
    Index(None, "key", "lat", "lon"),
    Index(None, "camera_id", "onset"),
)

events = Table(
    "events",
    metadata,
    Column("violation_id", ID, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("producer", NAME, nullable=False),
    Column("received_at", Moment, nullable=False),
)
"""Which events came: what comes again changes nothing."""

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_id", ID, ForeignKey("cases.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("action", String(16), nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("who", NAME, nullable=False),
    Column("role", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("data", Json),
    # Whose the case was then: those who see that department's cases are told.
    Column("department", NAME),
    sqlite_autoincrement=True,
)
"""Every change of a case: who, when, why. Rows are only ever added."""

evidence = Table(
    "evidence",
    metadata,
    Column("id", ID, primary_key=True),
    Column("case_id", ID, ForeignKey("cases.id"), nullable=False, index=True),
    Column("violation_id", ID),
    # See ``cases.evidence.KINDS``.
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", NAME, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("path", String(300)),
    Column("shared_path", String(300)),
    # Empty for copies that an earlier program made.
    Column("copy_sha256", String(64)),
    Column("added_at", Moment, nullable=False),
    Column("added_by", NAME, nullable=False),
    # Whether a copy without faces and plates is still to be made.
    Column("copy_wanted", Boolean, nullable=False),
    # Tries that were begun and not ended: what brings the process down is not tried for ever.
    Column("copy_tries", Integer, nullable=False),
    # Not before that: one process has it, or it failed.
    Column("copy_next_at", Moment),
    # Why none can be made.
    Column("copy_problem", Text),
    # The signed tombstone of what retention deleted.
    Column("tombstone", Json),
    Index(None, "copy_wanted", "added_at"),
    Index(
        "ix_evidence_kept", "added_at", sqlite_where=text("path IS NOT NULL"), postgresql_where=text("path IS NOT NULL")
    ),
)
"""path: of the sealed original in the evidence store. shared_path: of the copy without faces and plates,
with a hash of its own."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("message_id", ID, nullable=False),
    Column("receiver", NAME, nullable=False),
    Column("case_id", ID, nullable=False, index=True),
    Column("type", String(64), nullable=False),
    Column("body", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    # It is not tried for longer.
    Column("until", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    # waiting, delivered, dead
    Column("state", String(16), nullable=False),
    Column("error", Text),
    Column("answer", Json),
    Index(None, "receiver", "state", "next_at"),
    Index(None, "state", "created_at"),
    sqlite_autoincrement=True,
)
"""What is to be told to whom, in one transaction with what it tells of."""

proposals = Table(
    "proposals",
    metadata,
    Column("first", ID, primary_key=True),
    Column("second", ID, primary_key=True, index=True),
    Column("metres", Float, nullable=False),
    Column("why", Text, nullable=False),
    Column("settled", Boolean, nullable=False),
)
"""Cases that may be one; a person says."""


def _tally(name: str, unit: str) -> Table:
    return Table(
        name,
        metadata,
        Column(unit, Integer, primary_key=True),
        Column("key", String(64), primary_key=True),
        Column("district", NAME, primary_key=True),
        Column("what", String(32), primary_key=True),
        Column("count", Integer, nullable=False),
        Column("seconds", Float, nullable=False),
    )


tallies, month_tallies = _tally("tallies", "day"), _tally("month_tallies", "month")
"""Counts by local day (days since 1970) and by month (year * 12 + month - 1), kept with each change: a million cases
are too many to count at every look, and so are the days of a year. seconds: how long the step took, summed. district:
empty outside the grid."""

hours = Table(
    "hours",
    metadata,
    Column("month", Integer, primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("district", NAME, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""At which local hours cases came; month: year * 12 + month - 1."""

people = Table(
    "people",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("department", NAME),
    Column("active", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("person_id", ID, ForeignKey("people.id")),
    Column("scopes", Json, nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)
"""digest: SHA-256 of the key. A key is 256 random bits, so nothing slower is needed."""

looks = Table(
    "looks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", NAME, nullable=False),
    Column("case_id", ID, nullable=False, index=True),
    Column("evidence_id", ID, nullable=False),
    Column("why", Text, nullable=False),
    Column("original", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
"""Who looked at which evidence, and why."""

facts = Table("facts", metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))
"""What the database knows of itself."""

permits = Table(
    "permits",
    metadata,
    Column("id", NAME, primary_key=True),
    Column("types", Json, nullable=False),
    Column("holder", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("valid_from", Integer, nullable=False),
    Column("valid_to", Integer, nullable=False),
    Column("area", Json, nullable=False),
    Column("west", Float, nullable=False),
    Column("south", Float, nullable=False),
    Column("east", Float, nullable=False),
    Column("north", Float, nullable=False),
)
"""What is allowed somewhere for a time; local days since 1970, both included; area: GeoJSON, WGS-84."""
