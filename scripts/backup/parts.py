"""The parts of an installation: databases and folders."""

from __future__ import annotations

import gzip
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scripts.backup.errors import BackupError
from scripts.backup.running import Runner

_PIECE = 1 << 20
_DUMP_ENDS_WITH = b"-- PostgreSQL database dump complete"
_TABLES = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"
)
# In one transaction with what follows: where that fails, all of it stays as it was. Extensions stay, too.
_BEGIN = b"""BEGIN;
SET LOCAL client_min_messages = warning;
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm') LOOP
    EXECUTE format('DROP %s IF EXISTS public.%I CASCADE',
      CASE one.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, one.relname);
  END LOOP;
  FOR one IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' AND c.relkind = 'S' LOOP
    EXECUTE format('DROP SEQUENCE IF EXISTS public.%I CASCADE', one.relname);
  END LOOP;
  FOR one IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i')
      WHERE n.nspname = 'public' AND d.objid IS NULL LOOP
    EXECUTE format('DROP ROUTINE IF EXISTS public.%I(%s) CASCADE', one.proname, one.arguments);
  END LOOP;
  FOR one IN SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_class c ON c.oid = t.typrelid
      LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
      WHERE n.nspname = 'public' AND d.objid IS NULL
        AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') LOOP
    EXECUTE format('DROP TYPE IF EXISTS public.%I CASCADE', one.typname);
  END LOOP;
END $$;
"""
# The archive is unpacked aside; only a whole one takes the place of what is there.
_UNPACK = """
set -eu
folder=$1 stays=$2
mkdir -p "$folder"
rm -rf "$folder/.restored"
mkdir "$folder/.restored"
tar -C "$folder/.restored" -xf -
for one in "$folder"/* "$folder"/.[!.]*; do
  case "${one##*/}" in .restored | "$stays" | '*' | '.[!.]*') ;; *) rm -rf "$one" ;; esac
done
for one in "$folder/.restored"/* "$folder/.restored"/.[!.]*; do
  if [ -e "$one" ] || [ -L "$one" ]; then mv "$one" "$folder/"; fi
done
rmdir "$folder/.restored"
"""
_LIST = """
set -eu
if [ ! -d "$1" ]; then exit 0; fi
cd "$1"
for one in * .[!.]*; do
  case "$one" in "$2" | '*' | '.[!.]*') ;; *) echo "$one"; exit 0 ;; esac
done
"""
_PACK = """
set -eu
if [ ! -d "$1" ]; then exec tar -cf - --files-from=/dev/null; fi
exec tar -C "$1" --exclude="./$2" --exclude=./.restored -cf - .
"""
_TRIES = 3


class Part(Protocol):
    """A part of an installation, kept as one file."""

    @property
    def file_name(self) -> str:
        """The name of its file in a backup."""

    @property
    def what(self) -> str:
        """What it is, for people."""

    def save(self, file: Path) -> None:
        """Write it into a file, and check that the file is whole. Raises BackupError."""

    def is_empty(self) -> bool:
        """Tell whether nothing would be lost by a restore. Raises BackupError."""

    def load(self, file: Path) -> None:
        """Put the content of a file in its place: all of it or nothing. Raises BackupError."""


@dataclass(frozen=True)
class PostgresPart:
    """A PostgreSQL database, as compressed SQL without owners.

    Attributes:
        runner: where `pg_dump` and `psql` are, with the login in its environment.
        database: its name, also in the file's.
        options: of both programs, such as the user.
    """

    runner: Runner
    database: str
    options: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """The name of its file in a backup."""
        return f"postgres-{self.database}.sql.gz"

    @property
    def what(self) -> str:
        """What it is, for people."""
        return f"the PostgreSQL database {self.database}"

    def save(self, file: Path) -> None:
        """Dump it in one snapshot."""
        self.runner.save(
            file,
            *("pg_dump", "--no-password", "--no-owner", "--no-privileges", "--compress=6"),
            *(*self.options, f"--dbname={self.database}"),
        )
        end = b""
        try:
            for piece in _unpacked(file):
                end = (end + piece)[-_PIECE:]
        except (OSError, EOFError, zlib.error) as error:
            raise BackupError(f"The dump of {self.what} cannot be read again: {error}") from error
        if _DUMP_ENDS_WITH not in end:
            raise BackupError(f"The dump of {self.what} is not whole.")

    def is_empty(self) -> bool:
        """Tell whether it has no table."""
        answer = self.runner.ask(*self._psql, "--tuples-only", "--no-align", f"--command={_TABLES}")
        return answer.strip() == "0"

    def load(self, file: Path) -> None:
        """Replace all tables in one transaction."""

        def script() -> Iterator[bytes]:
            yield _BEGIN
            yield from _unpacked(file)
            yield b"\nCOMMIT;\n"

        self.runner.feed(script(), *self._psql, "--output=/dev/null")

    @property
    def _psql(self) -> tuple[str, ...]:
        own = ("psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1")
        return (*own, *self.options, f"--dbname={self.database}")


@dataclass(frozen=True)
class FolderPart:
    """A folder, as a tar archive.

    Attributes:
        runner: where the folder is.
        name: of its file, without the ending.
        folder: its path there.
        stays: a folder in it that is neither kept nor replaced.
    """

    runner: Runner
    name: str
    folder: str
    stays: str = ".none"

    @property
    def file_name(self) -> str:
        """The name of its file in a backup."""
        return f"{self.name}.tar"

    @property
    def what(self) -> str:
        """What it is, for people."""
        return f"the folder {self.name}"

    def save(self, file: Path) -> None:
        """Pack it; once more where something changed meanwhile."""
        for left in reversed(range(_TRIES)):
            try:
                self.runner.save(file, "sh", "-c", _PACK, "pack", self.folder, self.stays)
                break
            except BackupError:
                if not left:
                    raise
        try:
            with tarfile.open(file) as archive:
                for _ in archive:
                    pass
        except (OSError, tarfile.TarError) as error:
            raise BackupError(f"The archive of {self.what} cannot be read again: {error}") from error

    def is_empty(self) -> bool:
        """Tell whether nothing is in it."""
        return not self.runner.ask("sh", "-c", _LIST, "list", self.folder, self.stays).strip()

    def load(self, file: Path) -> None:
        """Unpack aside, then take the place of what is there."""
        self.runner.feed(_pieces(file), "sh", "-c", _UNPACK, "unpack", self.folder, self.stays)


@dataclass(frozen=True)
class SqlitePart:
    """An SQLite database on this machine, copied while it is in use."""

    name: str
    path: Path

    @property
    def file_name(self) -> str:
        """The name of its file in a backup."""
        return f"sqlite-{self.name}.db"

    @property
    def what(self) -> str:
        """What it is, for people."""
        return f"the SQLite database {self.path.name}"

    def save(self, file: Path) -> None:
        """Copy it by SQLite's own means, and check the copy."""
        try:
            with (
                closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(file)) as copy,
            ):
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
                found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.Error as error:
            raise BackupError(f"{self.what} cannot be copied: {error}") from error
        if found != "ok":
            raise BackupError(f"{self.what} is damaged: {found}")

    def is_empty(self) -> bool:
        """Tell whether there is no file."""
        return not self.path.exists()

    def load(self, file: Path) -> None:
        """Put a copy in its place by a rename; only its owner can read it."""
        aside = self.path.with_name(f".{self.path.name}.restored")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.touch(mode=0o600)
            with file.open("rb") as source, aside.open("wb") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
            # A log of the database before would be taken for one of this.
            for ending in ("-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            aside.replace(self.path)
        except OSError as error:
            raise BackupError(f"{self.what} cannot be written: {error}") from error
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _unpacked(file: Path) -> Iterator[bytes]:
    with gzip.open(file, "rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece
