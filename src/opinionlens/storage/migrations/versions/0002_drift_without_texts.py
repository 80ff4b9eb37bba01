"""What drift checks need without texts; the older system's `drift_data` to the letter. Self-contained."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_ROWS_AT_ONCE = 500

_data = sa.table("drift_data", sa.column("id", sa.BigInteger()), sa.column("value", sa.Text()))
_reports = sa.table(
    "drift_reports",
    sa.column("id", sa.BigInteger()),
    sa.column("body", sa.Text()),
    sa.column("source", sa.String()),
)


def upgrade() -> None:
    """Add columns and tables; fill the new column of reports from their bodies."""
    op.add_column("predictions", sa.Column("unknown_share", sa.Double()))
    _add_source()
    _let_the_older_system_insert()
    _add_sums()


def downgrade() -> None:
    """Drop what was added."""
    op.drop_table("drift_terms")
    op.drop_table("drift_sums")
    if _is_postgresql():
        op.alter_column("drift_data", "value", type_=sa.Text(), postgresql_using="value::text")
    with op.batch_alter_table("drift_data") as table:
        table.alter_column("created_at", existing_type=_MOMENT, server_default=None)
    op.drop_index(op.f("ix_drift_reports_source_id"), "drift_reports")
    op.drop_column("drift_reports", "source")
    op.drop_column("predictions", "unknown_share")


def _add_source() -> None:
    op.add_column("drift_reports", sa.Column("source", sa.String(40)))
    for number, body in _each(_reports.c.id, _reports.c.body):
        # Read here: PostgreSQL's own functions refuse a NUL that a body may hold.
        found = json.loads(body)
        source = found.get("source") if isinstance(found, dict) else None
        if isinstance(source, str):
            op.execute(sa.update(_reports).where(_reports.c.id == number).values(source=source[:40]))
    op.create_index(op.f("ix_drift_reports_source_id"), "drift_reports", ["source", "id"])


def _let_the_older_system_insert() -> None:
    with op.batch_alter_table("drift_data") as table:
        table.alter_column("created_at", existing_type=_MOMENT, server_default=sa.text("CURRENT_TIMESTAMP"))
    if not _is_postgresql():
        return
    for number, value in _each(_data.c.id, _data.c.value):
        if (mended := _fit_for_jsonb(value)) != value:
            op.execute(sa.update(_data).where(_data.c.id == number).values(value=mended))
    op.alter_column("drift_data", "value", type_=JSONB(), postgresql_using="value::jsonb")


def _add_sums() -> None:
    op.create_table(
        "drift_sums",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Integer()),
        sa.Column("hour", _MOMENT, nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("read_texts", sa.Integer(), nullable=False),
        sa.Column("texts_with_words", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Double(), nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=False),
        sa.Column("confidence", sa.LargeBinary(), nullable=False),
        sa.Column("length", sa.LargeBinary(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("fourier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_sums")),
    )
    op.create_index(op.f("ix_drift_sums_hour"), "drift_sums", ["hour"])
    op.create_table(
        "drift_terms",
        sa.Column("sums_id", sa.Uuid(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sums_id"], ["drift_sums.id"], name=op.f("fk_drift_terms_sums_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sums_id", name=op.f("pk_drift_terms")),
    )


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _each(key: sa.ColumnClause[int], column: sa.ColumnClause[str]) -> Any:  # noqa: ANN401
    """Yield keys and values, a page at a time."""
    last = 0
    while True:
        query = sa.select(key, column).where(key > last).order_by(key).limit(_ROWS_AT_ONCE)
        rows = op.get_bind().execute(query).all()
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


def _fit_for_jsonb(value: str) -> str:
    """Return JSON that PostgreSQL takes; what is no JSON becomes a string."""
    try:
        found = json.loads(value, parse_constant=lambda _: None)
    except ValueError:
        found = value
    return json.dumps(_storable(found), sort_keys=True)


def _storable(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return "".join("\ufffd" if each == "\0" or "\ud800" <= each <= "\udfff" else each for each in value)
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return value
