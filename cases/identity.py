"""The id of a case."""

import uuid

ID_NAMESPACE = uuid.UUID("0d7c8f5e-2c1b-5b6e-8a55-7d4f1f0a9c33")


def case_id(violation_id: str) -> str:
    """Made from its first violation's, so that what comes again cannot make a second case."""
    return str(uuid.uuid5(ID_NAMESPACE, violation_id))
