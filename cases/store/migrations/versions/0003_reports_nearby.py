"""Copies have a hash of their own, and one process makes each; what people reported is found by its place."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = depends_on = None


WHERE = sa.text("state NOT IN ('closed', 'merged', 'rejected') AND filed")


def upgrade() -> None:
    columns = ["key", "lat", "lon"]
    op.create_index("ix_cases_reported", "cases", columns, sqlite_where=WHERE, postgresql_where=WHERE)
    op.add_column("evidence", sa.Column("copy_sha256", sa.String(64)))
    op.add_column("evidence", sa.Column("copy_next_at", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("evidence", "copy_next_at")
    op.drop_column("evidence", "copy_sha256")
    op.drop_index("ix_cases_reported", "cases")
