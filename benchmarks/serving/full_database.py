"""The database of an app that has been in use: every start of ours gets a copy."""

from __future__ import annotations

from contextlib import closing

from benchmarks.prediction_rows import fill
from benchmarks.serving.work_folder import FULL_DATABASE, WORK

from opinionlens.serving.idents import Idents
from opinionlens.storage import Database, migrate

ROWS = 300_000


def make_full_database() -> None:
    """Make it unless it is there; rows cost more in a table that is full."""
    if FULL_DATABASE.exists():
        return
    aside = WORK / "filling.db"
    for path in WORK.glob(f"{aside.name}*"):
        path.unlink()
    url = f"sqlite:///{aside}"
    migrate(url)
    with closing(Database(url, limit_seconds=60)) as database:
        fill(database, Idents().new_uuid, ROWS)
    aside.rename(FULL_DATABASE)  # the last connection has brought SQLite's log into the file
