"""`opinionlens keys`: make, list and revoke API keys.

A key is printed when it is made, and never again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

keys = typer.Typer(help="Keys with which programs use the API.", no_args_is_help=True)


class ScopeName(StrEnum):
    """The scopes of a key, for the command line.

    The words are those of `storage.api_keys.Scope`, which `--help` need not load.
    """

    PREDICT = "predict"
    ADMIN = "admin"


@keys.command("list")
def list_keys() -> None:
    """List the keys, revoked ones too, the last made first."""
    from opinionlens.cli.app_database import open_database
    from opinionlens.cli.printed_tables import moment, show_table
    from opinionlens.storage.api_keys import every_key

    with open_database() as database:
        rows = [
            (
                str(key.id),
                f"{key.prefix}…",
                key.name,
                ", ".join(sorted(key.scopes)),
                f"{moment(key.created_at)} by {key.created_by}",
                moment(key.last_used_at),
                moment(key.revoked_at),
            )
            for key in every_key(database)
        ]
    if not rows:
        typer.echo("There are no keys.", err=True)
        return
    show_table(("id", "key", "name", "scopes", "made", "last used", "revoked"), rows)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[ScopeName] | None, typer.Option("--scope", help="What it may be used for; may be given twice.")
    ] = None,
) -> None:
    """Make a key and print it, this once.

    Without --scope it is good for predictions only.
    """
    from opinionlens.accounts.tokens import hash_token, new_key, shown_prefix
    from opinionlens.base.errors import InputError
    from opinionlens.cli.app_database import open_database
    from opinionlens.storage.api_keys import Scope, add

    name = name.strip()
    if not 0 < len(name) <= 100:
        raise InputError("A key's name has 1 to 100 characters.")
    scopes = frozenset(Scope(one) for one in scope or [ScopeName.PREDICT])
    key = new_key()
    with open_database() as database:
        stored = add(
            database,
            key_hash=hash_token(key),
            prefix=shown_prefix(key),
            name=name,
            scopes=scopes,
            by="command line",
        )
    typer.echo(
        f"Key {stored.id} has been made for {', '.join(sorted(scopes))}. It is shown this once:", err=True
    )
    typer.echo(key)


@keys.command("revoke")
def revoke_key(key_id: Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it.")]) -> None:
    """End a key for good.

    A running app refuses it within seconds.
    """
    from opinionlens.cli.app_database import open_database
    from opinionlens.storage.api_keys import revoke

    with open_database() as database:
        key = revoke(database, key_id)
    typer.echo(f"Key {key.id} ({key.name}) has been revoked.", err=True)
