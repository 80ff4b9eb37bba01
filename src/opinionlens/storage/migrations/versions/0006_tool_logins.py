"""Logins at the other programs of a site, and the codes that they begin with."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SHA256 = sa.String(64)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tool_sessions",
        sa.Column("token_hash", _SHA256, nullable=False),
        sa.Column("session_hash", _SHA256, nullable=False),
        sa.Column("tool", sa.String(20), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        *_keys("tool_sessions", "token_hash"),
    )
    op.create_index(op.f("ix_tool_sessions_session_hash"), "tool_sessions", ["session_hash"])
    op.create_table(
        "tool_codes",
        sa.Column("code_hash", _SHA256, nullable=False),
        sa.Column("session_hash", _SHA256, nullable=False),
        sa.Column("tool", sa.String(20), nullable=False),
        sa.Column("state", _SHA256, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        *_keys("tool_codes", "code_hash"),
    )
    op.create_index(op.f("ix_tool_codes_session_hash"), "tool_codes", ["session_hash"])
    op.create_index(op.f("ix_tool_codes_expires_at"), "tool_codes", ["expires_at"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("tool_codes")
    op.drop_table("tool_sessions")


def _keys(table: str, key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint(f"length({key}) = 64", name=op.f(f"ck_{table}_{key}_is_sha256")),
        sa.ForeignKeyConstraint(
            ["session_hash"],
            ["sessions.token_hash"],
            name=op.f(f"fk_{table}_session_hash"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{table}")),
    )
