"""What Airflow's Variables say about the pipeline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sentiment_steps.faults import OptionError

Lookup = Callable[[str], "str | None"]

# Here, here without a change of champion, or elsewhere.
HERE = ("local", "propose")
TRAININGS = (*HERE, "http", "github")
SOURCES = ("log", "xcom", "mlflow", "table", "disk")
_AGE = re.compile(r"[1-9][0-9]{0,5}[mhd]")


@dataclass(frozen=True)
class Options:
    """Where the project is, what is checked, how training starts, and who is told."""

    project: Path
    command: Path
    folder: Path
    since: str
    sources: tuple[str, ...]
    model: str
    training: str
    training_url: str
    training_token: str
    webhook_url: str


def options_from(lookup: Lookup, *, checkout: Path, home: Path) -> Options:
    """Read and check the Variables, all of which may be missing.

    Args:
        lookup: Returns a Variable, None where there is none.
        checkout: The repository that the DAG's file lies in.
        home: Airflow's folder, in which the runs' files are kept.

    Raises:
        OptionError: One of them cannot be used.
    """

    def text(name: str, default: str = "") -> str:
        return (lookup(f"opinionlens_{name}") or default).strip()

    project = Path(text("project", str(checkout)))
    options = Options(
        project=project,
        command=Path(text("command", str(project / ".venv" / "bin" / "opinionlens"))),
        folder=Path(text("folder", str(home / "sentiment_pipeline"))),
        since=text("drift_since"),
        sources=tuple(filter(None, (name.strip().lower() for name in text("drift_sources").split(",")))),
        model=text("model"),
        training=text("training", "local"),
        training_url=text("training_url"),
        training_token=text("training_token"),
        webhook_url=text("webhook_url"),
    )
    _check(options)
    return options


def connection_json(connection: object) -> str:
    """Return a connection as Airflow's JSON: its URI writes paths in ways that others do not read."""
    parts = ("conn_type", "host", "login", "password", "port", "schema")
    return json.dumps({part: getattr(connection, part, None) for part in parts})


def _check(options: Options) -> None:
    if not options.project.is_dir():
        raise OptionError(
            f"There is no folder {options.project}.", remedy="Set the Variable opinionlens_project."
        )
    if not options.command.is_file():
        raise OptionError(
            f"There is no program {options.command}.",
            remedy="Run `make install` in the project, or set the Variable opinionlens_command.",
        )
    if unknown := [name for name in options.sources if name not in SOURCES]:
        raise OptionError(
            f"{unknown[0][:50]!r} is no source of drift.",
            remedy=f"opinionlens_drift_sources has some of {', '.join(SOURCES)}, with commas between.",
        )
    if options.since and not _AGE.fullmatch(options.since):
        raise OptionError(
            f"{options.since[:50]!r} is no time.", remedy="opinionlens_drift_since is 30m, 24h or 7d."
        )
    if options.training not in TRAININGS:
        raise OptionError(
            f"{options.training[:50]!r} is no way to train.",
            remedy="opinionlens_training is local, propose, http or github.",
        )
    if options.training not in HERE:
        check_address(options.training_url, "opinionlens_training_url")
    if options.webhook_url:
        check_address(options.webhook_url, "opinionlens_webhook_url")


def check_address(url: str, name: str) -> None:
    """Refuse what is no address of a web server.

    Raises:
        OptionError: The address, which may hold a secret, is not repeated in it.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise OptionError(f"{name} is no address.", remedy="It begins with https:// or http://.")
