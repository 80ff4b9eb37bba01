"""The first tables. Self-contained: what is written here must not change when `tables.py` does."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_SHA256 = sa.String(64)


def upgrade() -> None:
    """Make every table."""
    for create in _TABLES.values():
        create()


def downgrade() -> None:
    """Drop every table, those first that point to others."""
    for name in reversed(_TABLES):
        op.drop_table(name)


def _deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("number", _ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("restores", _ROW_NUMBER),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("digest", _SHA256, nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_deployments_digest_is_sha256")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_deployments")),
    )


def _predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Integer()),
        sa.Column("text_hash", _SHA256, nullable=False),
        sa.Column("length_chars", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("p_negative", sa.Double(), nullable=False),
        sa.Column("p_neutral", sa.Double(), nullable=False),
        sa.Column("p_positive", sa.Double(), nullable=False),
        sa.Column("latency_seconds", sa.Double(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.CheckConstraint("length(text_hash) = 64", name=op.f("ck_predictions_text_hash_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
    )
    op.create_index(op.f("ix_predictions_created_at"), "predictions", ["created_at"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("prediction_id", sa.Uuid()),
        sa.Column("text", sa.Text()),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "prediction_id IS NOT NULL OR text IS NOT NULL", name=op.f("ck_feedback_is_about_something")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_prediction_id"), "feedback", ["prediction_id"])


def _drift_data() -> None:
    op.create_table(
        "drift_data",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("type", sa.String(50), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_data")),
    )
    op.create_index(op.f("ix_drift_data_type_created_at"), "drift_data", ["type", "created_at"])


def _drift_reports() -> None:
    op.create_table(
        "drift_reports",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Integer()),
        sa.Column("window_start", _MOMENT, nullable=False),
        sa.Column("window_end", _MOMENT, nullable=False),
        sa.Column("has_drifted", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_reports")),
    )
    op.create_index(op.f("ix_drift_reports_created_at"), "drift_reports", ["created_at"])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("password_changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("key_hash", _SHA256, nullable=False),
        sa.Column("prefix", sa.String(20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        sa.CheckConstraint("length(key_hash) = 64", name=op.f("ck_api_keys_key_hash_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", _SHA256, nullable=False),
        sa.Column("user_id", _ROW_NUMBER, nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.CheckConstraint("length(token_hash) = 64", name=op.f("ck_sessions_token_hash_is_sha256")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])


def _login_attempts() -> None:
    op.create_table(
        "login_attempts",
        sa.Column("id", _ROW_NUMBER, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("account_hash", _SHA256, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "length(account_hash) = 64", name=op.f("ck_login_attempts_account_hash_is_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    op.create_index(op.f("ix_login_attempts_created_at"), "login_attempts", ["created_at"])
    for column in ("account_hash", "address"):
        op.create_index(
            op.f(f"ix_login_attempts_{column}_created_at"), "login_attempts", [column, "created_at"]
        )


_TABLES: dict[str, Callable[[], None]] = {
    "deployments": _deployments,
    "predictions": _predictions,
    "feedback": _feedback,
    "drift_data": _drift_data,
    "drift_reports": _drift_reports,
    "users": _users,
    "api_keys": _api_keys,
    "sessions": _sessions,
    "login_attempts": _login_attempts,
}
