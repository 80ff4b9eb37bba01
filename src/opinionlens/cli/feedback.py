"""`opinionlens feedback export`: what readers said is right, as a file that the pipeline learns from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from opinionlens.app.labelled_files import FORMATS, written
from opinionlens.errors import InputError
from opinionlens.files import replacing_file
from opinionlens.settings import load_settings
from opinionlens.storage import Database, SchemaUnsupported, feedback
from opinionlens.storage.addresses import shown
from opinionlens.storage.feedback import LabelledRow
from opinionlens.storage.migrating import is_current


def run_export(file: Path) -> None:
    """Write the file aside, then put it in its place.

    Raises:
        InputError: the name does not end in a known format.
        StorageError: the database does not answer, or has not the tables of this version; nothing is written.
        OSError: the file cannot be written; what was there before stays.
    """
    form = FORMATS.get(file.suffix.removeprefix(".").lower())
    if form is None:
        known = " or ".join(f".{name}" for name in FORMATS)
        raise InputError("The name does not say how to write.", where=str(file), remedy=f"End it in {known}.")
    database = Database(load_settings().database.url.get_secret_value())
    rows = 0

    def counted() -> Iterator[LabelledRow]:
        nonlocal rows
        for row in feedback.labelled_rows(database):
            rows += 1
            yield row

    try:
        _check_tables(database)
        with replacing_file(file) as aside, aside.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(written(form, counted()))
    finally:
        database.close()
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(f"{rows:,} labelled texts → {file}")


def _check_tables(database: Database) -> None:
    if not is_current(database):
        raise SchemaUnsupported(
            "The database has not the tables of this version.",
            where=shown(database.url),
            remedy="Start the app once, which prepares it, or set DATABASE__URL to the one that it uses.",
        )
