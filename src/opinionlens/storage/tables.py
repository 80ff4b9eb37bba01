"""All tables, as the migrations leave them.

A test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from opinionlens.storage.columns import AnyText, JsonValue, Numbers, RowNumber, UtcDateTime

# Named by rule, so that a migration can name the constraint it changes on both databases.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SHA256_CHARS = 64


def _is_sha256(column: str) -> CheckConstraint:
    """Refuse a secret that was passed where its hash belongs."""
    return CheckConstraint(f"length({column}) = {SHA256_CHARS}", name=f"{column}_is_sha256")


deployments = Table(
    "deployments",
    metadata,
    # Given by us, one more than the last: of two writers that saw the same last one, the key refuses one.
    Column("number", RowNumber, primary_key=True, autoincrement=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", AnyText, nullable=False),
    Column("why", AnyText, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("restores", RowNumber),
    Column("model_name", AnyText, nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("digest", String(SHA256_CHARS), nullable=False),
    _is_sha256("digest"),
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("model_name", AnyText, nullable=False),
    Column("model_version", Integer),
    Column("text_hash", String(SHA256_CHARS), nullable=False),
    Column("length_chars", Integer, nullable=False),
    Column("label", String(20), nullable=False),
    Column("p_negative", Double, nullable=False),
    Column("p_neutral", Double, nullable=False),
    Column("p_positive", Double, nullable=False),
    Column("latency_seconds", Double, nullable=False),
    Column("text", AnyText),
    Column("unknown_share", Double),
    _is_sha256("text_hash"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    # No foreign key: prediction rows are best effort, arrive late and expire.
    Column("prediction_id", Uuid, index=True),
    Column("text", AnyText),
    Column("label", String(20), nullable=False),
    Column("source", AnyText, nullable=False),
    CheckConstraint("prediction_id IS NOT NULL OR text IS NOT NULL", name="is_about_something"),
)

drift_data = Table(
    "drift_data",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("type", String(50), nullable=False),
    Column("value", JsonValue, nullable=False),
    # The second system's documented statement names type and value only.
    Column("created_at", UtcDateTime, nullable=False, server_default=text("CURRENT_TIMESTAMP")),
    Index(None, "type", "created_at"),
)

drift_reports = Table(
    "drift_reports",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("model_name", AnyText, nullable=False),
    Column("model_version", Integer),
    Column("window_start", UtcDateTime, nullable=False),
    Column("window_end", UtcDateTime, nullable=False),
    Column("has_drifted", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("source", String(40)),
    Index(None, "source", "id"),
)

drift_sums = Table(
    "drift_sums",
    metadata,
    # Given by the process that gathers, one for each version and hour: writing the sums again replaces them.
    Column("id", Uuid, primary_key=True),
    Column("model_name", AnyText, nullable=False),
    Column("model_version", Integer),
    Column("hour", UtcDateTime, nullable=False, index=True),
    Column("texts", Integer, nullable=False),
    Column("read_texts", Integer, nullable=False),
    Column("texts_with_words", Integer, nullable=False),
    Column("unknown", Double, nullable=False),
    Column("labels", Numbers, nullable=False),
    Column("confidence", Numbers, nullable=False),
    Column("length", Numbers, nullable=False),
    Column("embedding", Numbers, nullable=False),
    Column("fourier", Numbers, nullable=False),
)

# Apart from the sums: five times their size, and not needed where embeddings are exported.
drift_terms = Table(
    "drift_terms",
    metadata,
    Column("sums_id", Uuid, ForeignKey(drift_sums.c.id, ondelete="CASCADE"), primary_key=True),
    Column("counts", Numbers, nullable=False),
)

# One row for each job of the worker.
job_states = Table(
    "job_states",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("started_at", UtcDateTime),
    Column("held_by", AnyText),
    Column("held_until", UtcDateTime),
    Column("succeeded_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("problem", AnyText),
)

users = Table(
    "users",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("name", AnyText, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("password_changed_at", UtcDateTime, nullable=False),
    # An earlier version, which knows no roles, may add users while this one is taking over.
    Column("role", String(20), nullable=False, server_default="viewer"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("key_hash", String(SHA256_CHARS), nullable=False, unique=True),
    Column("prefix", String(20), nullable=False),
    Column("name", AnyText, nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", AnyText, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    _is_sha256("key_hash"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(SHA256_CHARS), primary_key=True),
    Column("user_id", RowNumber, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    _is_sha256("token_hash"),
)

# Logins at other programs of the site, each a part of a session of the app: it ends with that session.
tool_sessions = Table(
    "tool_sessions",
    metadata,
    Column("token_hash", String(SHA256_CHARS), primary_key=True),
    Column(
        "session_hash",
        String(SHA256_CHARS),
        ForeignKey(sessions.c.token_hash, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("tool", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    _is_sha256("token_hash"),
)

# Codes that a browser carries from the app's host to another one, each exchanged for such a login once.
tool_codes = Table(
    "tool_codes",
    metadata,
    Column("code_hash", String(SHA256_CHARS), primary_key=True),
    Column(
        "session_hash",
        String(SHA256_CHARS),
        ForeignKey(sessions.c.token_hash, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("tool", String(20), nullable=False),
    Column("state", String(SHA256_CHARS), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    _is_sha256("code_hash"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("account_hash", String(SHA256_CHARS), nullable=False),
    Column("address", AnyText, nullable=False),
    Index(None, "account_hash", "created_at"),
    Index(None, "address", "created_at"),
    _is_sha256("account_hash"),
)

retrainings = Table(
    "retrainings",
    metadata,
    # Given by us, so that a record whose writing had an unknown outcome can be written again.
    Column("id", Uuid, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("run", String(64), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("model_name", AnyText, nullable=False),
    Column("model_version", Integer),
    Column("champion_version", Integer),
    Column("body", Text, nullable=False),
)

shadow_answers = Table(
    "shadow_answers",
    metadata,
    Column("id", Uuid, primary_key=True),
    # No foreign key: an answer outlives its prediction for an hour at most, until the next sweep.
    Column("prediction_id", Uuid, nullable=False, index=True),
    # When the text was predicted, so that an answer goes when the text goes.
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("model_name", AnyText, nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("label", String(20), nullable=False),
    Column("p_negative", Double, nullable=False),
    Column("p_neutral", Double, nullable=False),
    Column("p_positive", Double, nullable=False),
    Column("differs", Boolean, nullable=False),
)

review_skips = Table(
    "review_skips",
    metadata,
    Column("prediction_id", Uuid, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)
