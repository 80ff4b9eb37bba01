"""`opinionlens feedback`: export feedback for the pipeline, or delete it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from opinionlens.base.errors import InputError
from opinionlens.base.files import replacing_file
from opinionlens.base.settings import load_settings
from opinionlens.base.wording import counted
from opinionlens.cli.telling import tell
from opinionlens.storage import Database, SchemaUnsupported, feedback
from opinionlens.storage.database_urls import shown
from opinionlens.storage.feedback import LabelledRow
from opinionlens.storage.forgetting import FROM_THE_START, forget_text
from opinionlens.storage.migrating import is_current
from opinionlens.web.api.feedback.labelled_files import FORMATS, written


def run_export(file: Path) -> None:
    """Write the file aside, then put it in its place.

    Raises:
        InputError: the name does not end in a known format.
        StorageError: the database does not answer, or has not the tables of this version; nothing is written.
        OSError: the file cannot be written; an earlier one stays.
    """
    form = FORMATS.get(file.suffix.removeprefix(".").lower())
    if form is None:
        known = " or ".join(f".{name}" for name in FORMATS)
        raise InputError("The name does not say how to write.", where=str(file), remedy=f"End it in {known}.")
    database = Database(load_settings().database.url.get_secret_value())
    rows = 0

    def counting() -> Iterator[LabelledRow]:
        nonlocal rows
        for row in feedback.labelled_rows(database):
            rows += 1
            yield row

    try:
        _check_tables(database)
        with replacing_file(file) as aside, aside.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(written(form, counting()))
    finally:
        database.close()
    tell(f"{counted(rows, 'labelled text')} → {file}")


def run_delete(feedback_id: int | None, text: str | None) -> None:
    """Delete one piece of feedback, or everything about a text.

    Raises:
        InputError: neither was given, or both.
        RecordNotFound: there is no feedback with that number.
        StorageError: the database does not answer; part of a text's rows may be gone, the next call goes on.
    """
    if (feedback_id is None) == (not text):
        raise InputError("Say what to delete.", remedy="Give either --id NUMBER or --text TEXT.")
    with closing(Database(load_settings().database.url.get_secret_value())) as database:
        _check_tables(database)
        if feedback_id is not None:
            feedback.remove(database, feedback_id)
            tell(f"Feedback {feedback_id} has been deleted.")
        else:
            _forget(database, str(text))


def _forget(database: Database, text: str) -> None:
    after: datetime | None = FROM_THE_START
    given = predicted = 0
    while after is not None:
        part = forget_text(database, text, after)
        given, predicted, after = given + part.feedback, predicted + part.predictions, part.next_after
    tell(f"Deleted: {given:,} × feedback, {predicted:,} × prediction.")


def _check_tables(database: Database) -> None:
    if not is_current(database):
        raise SchemaUnsupported(
            "The database has not the tables of this version.",
            where=shown(database.url),
            remedy="Start the app once, which prepares it, or set DATABASE__URL to the one that it uses.",
        )
