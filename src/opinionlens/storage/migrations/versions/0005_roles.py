"""Roles of users; those that are there become admins."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("users", sa.Column("role", sa.String(20), nullable=False, server_default="viewer"))
    op.execute("UPDATE users SET role = 'admin'")


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("users", "role")
