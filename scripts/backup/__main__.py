"""Backups of an installation: `make backup`, `make restore`.

BACKUP_FOLDER says where they lie (backups), BACKUP_KEEP how many stay (7), BACKUP_METRICS where their age is
told to node-exporter (backups/metrics). Secrets are listed, not copied.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.backup import folders, metric
from scripts.backup.errors import BackupError
from scripts.backup.parts import Part
from scripts.backup.places import LOCAL, STACK, Place, chosen_place
from scripts.backup.secret_names import secret_names
from scripts.stack.compose_calls import ROOT

KEEP = 7


def back_up(place: Place, root: Path, *, keep: int, settings: Path, figures: Path) -> folders.Backup:
    """Make a backup, delete the oldest beyond `keep`, and tell of it. Raises BackupError."""
    with folders.alone(root):
        place.before()
        for sentence in place.skipped:
            print(f"  {sentence}")
        parts, now = place.present(), datetime.now(UTC)
        for part in place.parts:
            if part not in parts:
                print(f"  There is nothing in {part.what}.")
        made = folders.create(root, parts, place=place.kind, secrets=secret_names(settings), now=now)
        for file in made.files.values():
            print(f"  {file.size:14,} bytes  {file.sha256[:12]}  {file.name}")
        for folder in folders.prune(root, keep):
            print(f"  deleted {folder.name}, beyond the newest {keep}")
        metric.write(figures, timestamp=datetime.now(UTC).timestamp(), size=made.size)
    print(f"{made.folder} is whole: {made.size:,} bytes.")
    print("Not in it: the secrets. Keep these apart, in a password manager for example:")
    for name, names in made.secrets.items():
        print(f"  {name}: {', '.join(names) or 'none'}")
    return made


def restore(place: Place, root: Path, name: str | None, *, force: bool) -> None:
    """Put a backup in place, after checking it and the target. Raises BackupError."""
    backup = folders.read(chosen_backup(root, name))
    backup.check()
    print(f"{backup.folder} is as it was made: {len(backup.files)} files, {backup.size:,} bytes.")
    parts = [part for part in place.parts if part.file_name in backup.files]
    known, kept = {part.file_name for part in place.parts}, set(backup.files)
    odd = (kept - known) | (known - kept - set(place.optional))
    if backup.place != place.kind or odd:
        told = ", ".join(sorted(odd)) or "same parts"
        raise BackupError(f"It is the backup of another installation: {backup.place}, {told}.")
    with folders.alone(root):
        place.before()
        full = [part.what for part in parts if not part.is_empty()]
        if full and not force:
            raise BackupError(
                f"Not empty: {', '.join(full)}. Nothing was changed. "
                "--force (make restore FORCE=1) replaces what is there; make a backup of it first."
            )
        place.stop_writers()
        load_all(parts, backup.folder)
    print(f"All parts are those of {backup.folder.name}. Start again: {place.start_again}")


def load_all(parts: Sequence[Part], folder: Path) -> None:
    """Put every part in place. Raises BackupError, which says what is restored already."""
    for number, part in enumerate(parts):
        try:
            part.load(folder / part.file_name)
        except BackupError as error:
            done = ", ".join(one.what for one in parts[:number]) or "nothing"
            raise BackupError(
                f"{part.what} is as it was: {error}\n"
                f"Restored before that: {done}. Mend the cause and restore again with --force (FORCE=1)."
            ) from error
        print(f"  restored {part.what}", flush=True)


def chosen_backup(root: Path, name: str | None) -> Path:
    """Return the folder of a backup: a path, a name in `root`, or the newest. Raises BackupError."""
    if name is not None:
        return root / name if (root / name).is_dir() else Path(name)
    whole = folders.whole_ones(root)
    if not whole:
        raise BackupError(f"There is no backup in {root}.")
    return whole[-1]


def show(root: Path, *, check: bool) -> None:
    """Print the backups, oldest first; compare their digests where asked. Raises BackupError."""
    for folder in folders.whole_ones(root):
        backup = folders.read(folder)
        if check:
            backup.check()
        print(f"{folder.name}  {backup.size:14,} bytes  {backup.place}{'  as it was made' if check else ''}")


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.backup", description=__doc__)
    parser.add_argument("--local", action="store_true", help="an app without containers, as .env has it")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create", help="make one")
    listing = commands.add_parser("list", help="show them")
    listing.add_argument("--check", action="store_true", help="compare every digest")
    restoring = commands.add_parser("restore", help="put one in place of what is here")
    restoring.add_argument("name", nargs="?", help="a folder; the newest unless given")
    restoring.add_argument("--force", action="store_true", help="replace what is there")
    given = parser.parse_args(arguments)
    root = Path(os.environ.get("BACKUP_FOLDER") or ROOT / "backups").expanduser().absolute()
    try:
        keep = kept_number(os.environ.get("BACKUP_KEEP"))
        if given.command == "list":
            show(root, check=given.check)
            return 0
        place = chosen_place(LOCAL if given.local else STACK)
        if given.command == "create":
            settings = Path.cwd() if given.local else ROOT
            figures = Path(os.environ.get("BACKUP_METRICS") or ROOT / "backups" / "metrics")
            back_up(place, root, keep=keep, settings=settings, figures=figures)
        else:
            restore(place, root, given.name, force=given.force)
    except BackupError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or root}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def kept_number(text: str | None) -> int:
    """Return how many backups stay. Raises BackupError."""
    if not text:
        return KEEP
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise BackupError(f"BACKUP_KEEP is {text[:20]!r}; give a whole number from 1.")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
