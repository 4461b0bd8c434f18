"""Violations as the store knows them: which case each belongs to, and who may speak of it."""

from sqlalchemy import Connection, select

from cases.desk import Actor, NoCase
from cases.life import Role
from cases.store.tables import violations


class AnothersViolation(ValueError):
    """It was pushed by somebody else, whose word on it counts alone."""


def home_of(tx: Connection, violation_id: str, actor: Actor | None = None) -> str:
    """The case of a violation. actor: who wants to say something of it. Raises ``NoCase``, ``AnothersViolation``."""
    v = violations.c
    found = tx.execute(select(v.case_id, v.producer).where(v.id == violation_id)).one_or_none()
    if found is None:
        raise NoCase(f"of violation {violation_id}")
    if actor is not None:
        check_producer(found.producer, actor)
    case_id: str = found.case_id
    return case_id


def check_producer(producer: str, actor: Actor) -> None:
    """Raises ``AnothersViolation``: a producer speaks of what it pushed itself, an administrator of everything."""
    if actor.role is not Role.ADMIN and actor.who != producer:
        why = f"it was pushed with the key {producer!r}; a key that takes its place has the same name"
        raise AnothersViolation(why)
