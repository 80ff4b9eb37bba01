"""Alembic's entry, run by `migrate` or by hand.

`migrate` passes its connection; by hand give `-x url=…`.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from opinionlens.storage.columns import AnyText, JsonValue, Numbers, UtcDateTime
from opinionlens.storage.database import Database
from opinionlens.storage.tables import metadata


def plain_type(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:  # noqa: ANN401
    """Render our column types as SQLAlchemy's own.

    A migration must not change with our code.
    """
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AnyText):
        return "sa.Text()"
    if kind == "type" and isinstance(item, JsonValue):
        return 'sa.Text().with_variant(JSONB(), "postgresql")'
    if kind == "type" and isinstance(item, Numbers):
        return "sa.LargeBinary()"
    return False


def run(connection: Connection) -> None:
    """Run the requested migrations in the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=plain_type,
        # Both databases can undo changes of tables; SQLite changes a column by copying the table.
        transactional_ddl=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


held = context.config.attributes.get("connection")
if held is not None:
    run(held)
else:
    database = Database(context.get_x_argument(as_dictionary=True)["url"])
    with database.writing() as opened:
        run(opened)
    database.close()
