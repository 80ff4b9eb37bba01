"""All that a database holds, to be compared with another one."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier


def postgres_content(url):
    """Every row of every table as text, and the place of every sequence."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'S') ORDER BY 1"
        ).fetchall()
        whole, place = SQL("SELECT x::text FROM {} x"), SQL("SELECT last_value || ' ' || is_called FROM {}")
        queries = {name: (whole if kind == "r" else place).format(Identifier(name)) for name, kind in found}
        return {name: sorted(row[0] for row in connection.execute(query)) for name, query in queries.items()}


def postgres_schema(url):
    """Tables, columns, keys, indexes and comments, as `pg_dump` writes them."""
    done = subprocess.run(
        ["pg_dump", "--schema-only", "--no-owner", url], capture_output=True, text=True, check=True
    )
    # A key of its own for each dump.
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def sqlite_content(path):
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def folder_content(folder: Path):
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else None, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
    }
