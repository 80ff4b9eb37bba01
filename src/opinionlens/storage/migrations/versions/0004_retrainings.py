"""Finished retrainings, and texts that were skipped in the review queue."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "retrainings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Integer()),
        sa.Column("champion_version", sa.Integer()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrainings")),
    )
    op.create_index(op.f("ix_retrainings_created_at"), "retrainings", ["created_at"])
    op.create_table(
        "review_skips",
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("pk_review_skips")),
    )
    op.create_index(op.f("ix_review_skips_created_at"), "review_skips", ["created_at"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("review_skips")
    op.drop_table("retrainings")
