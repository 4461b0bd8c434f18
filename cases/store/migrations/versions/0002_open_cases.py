"""Deadlines of open cases, whose a case was at each change, why no copy can be made, and which evidence is ours."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None

MERGED = sa.text("merged_into IS NOT NULL")
WHERE = sa.text("state NOT IN ('closed', 'merged', 'rejected') AND due_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_cases_waiting", "cases", ["due_at", "number"], sqlite_where=WHERE, postgresql_where=WHERE)
    op.drop_index("ix_cases_state_due_at", "cases")
    op.create_index("ix_cases_merged_into", "cases", ["merged_into"], sqlite_where=MERGED, postgresql_where=MERGED)
    op.drop_column("evidence", "url")
    op.create_table(
        "facts",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.add_column("changes", sa.Column("department", sa.String(length=150)))
    op.add_column("evidence", sa.Column("copy_tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("evidence", sa.Column("copy_problem", sa.Text()))
    op.add_column("cases", sa.Column("filed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE cases SET filed = true WHERE producer LIKE 'open311 %'")


def downgrade() -> None:
    op.drop_column("cases", "filed")
    op.drop_column("evidence", "copy_problem")
    op.drop_column("evidence", "copy_tries")
    op.drop_column("changes", "department")
    op.drop_table("facts")
    op.add_column("evidence", sa.Column("url", sa.Text()))
    op.drop_index("ix_cases_merged_into", "cases")
    op.create_index("ix_cases_state_due_at", "cases", ["state", "due_at"])
    op.drop_index("ix_cases_waiting", "cases")
