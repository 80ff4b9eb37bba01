"""Where an installation lives, and of which parts it is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from scripts.backup.errors import BackupError
from scripts.backup.parts import FolderPart, Part, PostgresPart, SqlitePart
from scripts.backup.running import Runner
from scripts.stack.compose_calls import ROOT, StackError, compose_program
from scripts.stack.env_files import SITE_TEMPLATES, values_of
from scripts.stack.site import settle

STACK, LOCAL = "stack", "local"
# Each database of the stack belongs to a role of its name.
_DATABASES = ("opinionlens", "mlflow")
# Their volumes, by the service that has them mounted; logs are of no use elsewhere.
_FOLDERS = (
    ("mlflow-artifacts", "mlflow", "/var/lib/mlflow/artifacts", ".none"),
    ("app-data", "opinionlens", "/var/lib/opinionlens", "logs"),
)
# Whatever writes into the parts.
_WRITERS = (
    "opinionlens",
    "opinionlens-2",
    "worker",
    "migrate",
    "mlflow",
    "mlflow-migrate",
    "mlflow-users",
    "training",
    "airflow",
)
_START_SECONDS = 300.0


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Place:
    """An installation.

    Attributes:
        kind: `stack` or `local`.
        parts: in the order in which they are saved; databases first, so that all they name is saved later.
        before: brings up what saving and looking need.
        stop_writers: ends what would write into the parts during a restore.
        optional: names of files whose parts need not be there; a backup then lacks them.
        skipped: sentences about what is kept elsewhere.
        start_again: the command that starts the installation.
    """

    kind: str
    parts: Sequence[Part]
    start_again: str
    before: Callable[[], None] = _nothing
    stop_writers: Callable[[], None] = _nothing
    optional: Sequence[str] = field(default_factory=tuple)
    skipped: Sequence[str] = field(default_factory=tuple)

    def present(self) -> list[Part]:
        """Return the parts that a backup has to hold. Raises BackupError."""
        return [part for part in self.parts if part.file_name not in self.optional or not part.is_empty()]


def stack_place(environment: Mapping[str, str], root: Path = ROOT) -> Place:
    """Return the parts of the stack in containers.

    It runs from compose.yaml where DOMAIN is set, as `make site` has it, else from compose.local.yaml;
    STACK_FILE names another file, STACK_FILES what is laid over it.

    Raises:
        BackupError: there is no Docker Compose.
    """
    try:
        program = compose_program(environment)
    except StackError as error:
        raise BackupError(str(error)) from None
    values = _values(root, environment, (".env", ".env.build"))
    is_site = bool(values("DOMAIN"))
    first = environment.get("STACK_FILE") or ("compose.yaml" if is_site else "compose.local.yaml")
    files = [first, *filter(None, environment.get("STACK_FILES", "").split(","))]
    compose = [*program, *(word for name in files for word in ("--file", name))]

    def inside(service: str) -> Callable[[Sequence[str]], list[str]]:
        return lambda command: [*compose, "exec", "-T", service, *command]

    def beside(service: str) -> Callable[[Sequence[str]], list[str]]:
        """Return how a program runs in a container of its own, with the volumes of the service."""
        run = [*compose, "run", "--rm", "--no-deps", "-T", "--entrypoint"]
        return lambda command: [*run, command[0], service, *command[1:]]

    own = Runner(folder=root, seconds=_START_SECONDS)
    postgres = Runner(wrap=inside("postgres"), folder=root)
    databases = [PostgresPart(postgres, name, (f"--username={name}",)) for name in _DATABASES]
    folders = [
        FolderPart(Runner(wrap=beside(service), folder=root), name, folder, stays)
        for name, service, folder, stays in _FOLDERS
    ]

    def start() -> None:
        if is_site and "STACK_FILE" not in environment:
            _make_secret_files(root)
        own.ask(*compose, "up", "--detach", "--wait", "postgres")

    def stop_writers() -> None:
        known = own.ask(*compose, "--profile", "*", "config", "--services").split()
        own.ask(*compose, "--profile", "*", "stop", *(name for name in _WRITERS if name in known))

    artifacts = values("MLFLOW_ARTIFACTS_DESTINATION") or ""
    skipped = (
        [f"MLflow's artifacts are in {artifacts}: its owner keeps versions of them."] if artifacts else []
    )
    return Place(
        STACK,
        [*databases, *folders],
        "make site" if is_site else "make stack",
        before=start,
        stop_writers=stop_writers,
        skipped=skipped,
    )


def local_place(environment: Mapping[str, str], root: Path) -> Place:
    """Return the parts of an app without containers, as its settings name them.

    Raises:
        BackupError: a database is of a kind that is not known.
    """
    value = _values(root, environment, (".env",))
    app = value("DATABASE__URL") or "sqlite:///opinionlens.db"
    runs = value("MLFLOW__LOCAL_TRACKING_URI") or value("MLFLOW_TRACKING_URI") or "sqlite:///mlruns.db"
    parts: list[Part] = [database_part(app, "opinionlens", root)]
    skipped = []
    if runs.startswith("http"):
        skipped.append(f"Runs and versions are kept by the MLflow server at {_shown(runs)}.")
    else:
        parts.append(database_part(runs, "mlflow", root))
    here = Runner(folder=root)
    models = root / Path(value("API__SAVED_MODEL_PATH") or "models").expanduser()
    parts += [FolderPart(here, name, str(root / name)) for name in ("mlruns", "mlartifacts")]
    parts.append(FolderPart(here, "models", str(models)))
    # An app that only serves has neither runs nor fetched models.
    optional = [part.file_name for part in parts[1:]]
    return Place(LOCAL, parts, "opinionlens serve", optional=optional, skipped=skipped)


def database_part(url: str, name: str, root: Path) -> Part:
    """Return the part for a database by its URL.

    The password goes into the environment of `pg_dump` and `psql`, never on a command line.

    Raises:
        BackupError: it is neither SQLite in a file nor PostgreSQL; the URL is not shown.
    """
    if url.startswith("sqlite:"):
        path = url.partition(":///")[2].partition("?")[0]
        if not path or path == ":memory:":
            raise BackupError(f"The database of {name} is in memory; there is nothing to keep.")
        return SqlitePart(name, root / unquote(path))
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        raise BackupError(f"The database of {name} is neither SQLite nor PostgreSQL.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    variables = {
        "PGHOST": parts.hostname or query.get("host"),
        "PGPORT": str(parts.port) if parts.port else query.get("port"),
        "PGUSER": unquote(parts.username) if parts.username else None,
        "PGPASSWORD": unquote(parts.password) if parts.password else None,
        "PGSSLMODE": query.get("sslmode"),
        "PGSSLROOTCERT": query.get("sslrootcert"),
    }
    database = unquote(parts.path.lstrip("/")) or name
    runner = Runner(environment={key: text for key, text in variables.items() if text}, folder=root)
    return PostgresPart(runner, database)


def _values(root: Path, environment: Mapping[str, str], names: Sequence[str]) -> Callable[[str], str | None]:
    """Return how a setting is looked up: the environment, then files, the first one first."""
    files = [
        values_of((root / name).read_text(encoding="utf-8")) for name in names if (root / name).is_file()
    ]
    return lambda key: environment.get(key) or next((one[key] for one in files if one.get(key)), None)


def _shown(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname}"


def _make_secret_files(root: Path) -> None:
    """Make the files that compose.yaml mounts. Raises BackupError, also for settings that have gone."""
    missing = [name for name in SITE_TEMPLATES if not (root / name).is_file()]
    if missing:
        raise BackupError(f"Missing in {root}: {', '.join(missing)}. A site needs those that it had.")
    try:
        settle(root)
    except StackError as error:
        raise BackupError(str(error)) from None


def chosen_place(kind: str, root: Path = ROOT, environment: Mapping[str, str] | None = None) -> Place:
    """Return the installation of a kind. Raises BackupError."""
    environment = os.environ if environment is None else environment
    return local_place(environment, Path.cwd()) if kind == LOCAL else stack_place(environment, root)
