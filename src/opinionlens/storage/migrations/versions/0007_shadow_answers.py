"""Answers of challengers to texts that another version answered."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "shadow_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("p_negative", sa.Double(), nullable=False),
        sa.Column("p_neutral", sa.Double(), nullable=False),
        sa.Column("p_positive", sa.Double(), nullable=False),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_answers")),
    )
    op.create_index(op.f("ix_shadow_answers_created_at"), "shadow_answers", ["created_at"])
    op.create_index(op.f("ix_shadow_answers_prediction_id"), "shadow_answers", ["prediction_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("shadow_answers")
