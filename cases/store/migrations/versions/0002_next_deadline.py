"""Deadlines are looked up among the open cases alone."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None

WHERE = sa.text("state NOT IN ('closed', 'merged', 'rejected') AND due_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_cases_waiting", "cases", ["due_at", "number"], sqlite_where=WHERE, postgresql_where=WHERE)
    op.drop_index("ix_cases_state_due_at", "cases")


def downgrade() -> None:
    op.create_index("ix_cases_state_due_at", "cases", ["state", "due_at"])
    op.drop_index("ix_cases_waiting", "cases")
