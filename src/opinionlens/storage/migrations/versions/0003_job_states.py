"""The state of the worker's jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "job_states",
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("held_by", sa.Text()),
        sa.Column("held_until", _MOMENT),
        sa.Column("succeeded_at", _MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_states")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("job_states")
