"""The time of the last backup, as a file that node-exporter reads."""

from __future__ import annotations

from pathlib import Path

FILE_NAME = "backup.prom"
TIME, SIZE = "opinionlens_backup_last_success_timestamp_seconds", "opinionlens_backup_last_size_bytes"


def write(folder: Path, *, timestamp: float, size: int) -> None:
    """Write the figures aside and put them in place by a rename."""
    text = (
        f"# HELP {TIME} When the last backup was finished.\n# TYPE {TIME} gauge\n{TIME} {timestamp:.0f}\n"
        f"# HELP {SIZE} Bytes of the last backup.\n# TYPE {SIZE} gauge\n{SIZE} {size}\n"
    )
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{FILE_NAME}.new"
    aside.write_text(text, encoding="utf-8")
    # node-exporter is another user.
    aside.chmod(0o644)
    aside.replace(folder / FILE_NAME)
