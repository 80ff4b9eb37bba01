"""`python -m scripts.backup`: installations with and without containers, restored into empty ones."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from scripts.backup.errors import BackupError
from scripts.backup.places import stack_place
from scripts.stack.env_files import BUILD_SECRETS
from tests.backup.rows import folder_content, postgres_content, postgres_schema, sqlite_content

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("compose_stand_in.py")
ROWS = """
CREATE TABLE {name} (id serial PRIMARY KEY, text text, at timestamptz DEFAULT now(), data bytea);
INSERT INTO {name} (text, data)
  SELECT E'Zeile\\n\\t ü ' || n, decode(md5(n::text), 'hex') FROM generate_series(1, 300) n;
"""


class Command:
    """The command, as it is typed in the repository."""

    def __init__(self, kept, figures, **environment):
        self.kept = kept
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if "__" not in name and name not in ("STACK_FILE", "DOMAIN")
            },
            "BACKUP_FOLDER": str(kept),
            "PYTHONPATH": str(ROOT),
            "BACKUP_METRICS": str(figures),
            **environment,
        }

    def run(self, *words, folder=ROOT, fails=False, **more):
        done = subprocess.run(
            [sys.executable, "-m", "scripts.backup", *words], cwd=folder, env={**self.environment, **more},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr if fails else done.stdout


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path / "kept", tmp_path / "metrics")


def fill_local(folder):
    """Make an app's folder: two databases, models, artifacts and settings with a secret."""
    for name in ("opinionlens.db", "mlruns.db"):
        with closing(sqlite3.connect(folder / name)) as connection:
            connection.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, told TEXT, data BLOB)")
            connection.executemany(
                "INSERT INTO rows VALUES (?, ?, ?)",
                ((n, f"ü {name} {n}", bytes([n % 256])) for n in range(500)),
            )
            connection.commit()
    for name in ("models/artifacts/ab", "mlartifacts/1/models"):
        (folder / name).mkdir(parents=True)
        (folder / name / "weights.npz").write_bytes(os.urandom(10_000))
    (folder / ".env").write_text("SECURITY__ADMIN_KEY=do-not-keep-me\n")


def test_a_local_installation_moves_to_an_empty_folder(command, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    fill_local(old)
    told = command.run("--local", "create", folder=old)
    assert "SECURITY__ADMIN_KEY" in told
    [kept] = [path for path in command.kept.iterdir() if path.is_dir()]
    assert all(b"do-not-keep-me" not in path.read_bytes() for path in kept.iterdir())
    command.run("--local", "restore", folder=new)
    for name in ("opinionlens.db", "mlruns.db"):
        content = sqlite_content(new / name)
        assert len(content) > 500
        assert content == sqlite_content(old / name)
    for name in ("models", "mlartifacts"):
        assert folder_content(new / name) == folder_content(old / name)
    assert not (new / ".env").exists()


def test_a_target_that_is_not_empty_is_left_alone_without_force(command, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (new / "models").mkdir(parents=True)
    fill_local(old)
    command.run("--local", "create", folder=old)
    (new / "models" / "theirs").touch()
    told = command.run("--local", "restore", folder=new, fails=True)
    assert "Not empty: the folder models. Nothing was changed." in told
    assert [path.name for path in new.iterdir()] == ["models"]
    command.run("--local", "restore", "--force", folder=new)
    assert folder_content(new / "models") == folder_content(old / "models")


def test_a_damaged_backup_is_refused_before_anything_is_touched(command, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    fill_local(old)
    command.run("--local", "create", folder=old)
    [kept] = [path for path in command.kept.iterdir() if path.is_dir()]
    archive = kept / "models.tar"
    data = bytearray(archive.read_bytes())
    data[3000] ^= 1
    archive.write_bytes(data)
    told = command.run("--local", "restore", "--force", folder=new, fails=True)
    assert "models.tar is not what was backed up" in told
    assert list(new.iterdir()) == []
    assert "models.tar" in command.run("list", "--check", fails=True)


def test_so_many_stay_as_were_asked_for(command, tmp_path):
    fill_local(tmp_path)
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        command.run("--local", "create", folder=tmp_path)
        [newest] = [path for path in command.kept.iterdir() if path.is_dir() and path.name > "2026-01-04"]
        newest.rename(command.kept / f"{day}T00-00-00Z")
    told = command.run("--local", "create", folder=tmp_path, BACKUP_KEEP="2")
    assert told.count("deleted 2026-01-0") == 2
    names = sorted(path.name for path in command.kept.iterdir() if path.is_dir())
    assert (len(names), names[0]) == (2, "2026-01-03T00-00-00Z")
    assert [line.split()[0] for line in command.run("list", "--check").splitlines()] == names


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_number_that_cannot_be_is_refused(value, command, tmp_path):
    assert "BACKUP_KEEP is" in command.run(
        "--local", "create", folder=tmp_path, fails=True, BACKUP_KEEP=value
    )


def test_a_failed_backup_leaves_the_last_ones_and_the_metric(command, tmp_path):
    fill_local(tmp_path)
    command.run("--local", "create", folder=tmp_path)
    # A name has seconds: the second run may come within the same one.
    [first] = [path for path in command.kept.iterdir() if path.is_dir()]
    first.rename(command.kept / "2026-01-01T00-00-00Z")
    figures = (tmp_path / "metrics" / "backup.prom").read_text()
    before = sorted(command.kept.rglob("*"))
    (tmp_path / "opinionlens.db").unlink()
    assert "opinionlens.db cannot be copied" in command.run("--local", "create", folder=tmp_path, fails=True)
    assert sorted(command.kept.rglob("*")) == before
    assert (tmp_path / "metrics" / "backup.prom").read_text() == figures


def test_an_app_that_only_serves_has_one_database(command, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    fill_local(old)
    (old / "mlruns.db").unlink()
    assert "There is nothing in the SQLite database mlruns.db." in command.run(
        "--local", "create", folder=old
    )
    (new / "mlruns").mkdir(parents=True)
    (new / "mlruns" / "theirs").touch()
    told = command.run("--local", "restore", folder=new)
    assert "restored the SQLite database opinionlens.db" in told
    # The backup says nothing of it.
    assert (new / "mlruns" / "theirs").exists()
    assert not (new / "mlruns.db").exists()
    assert sqlite_content(new / "opinionlens.db") == sqlite_content(old / "opinionlens.db")


def test_a_backup_without_the_app_s_database_is_none_of_this_app(command, tmp_path):
    fill_local(tmp_path)
    command.run("--local", "create", folder=tmp_path)
    [kept] = [path for path in command.kept.iterdir() if path.is_dir()]
    manifest = json.loads((kept / "manifest.json").read_text())
    del manifest["files"]["sqlite-opinionlens.db"]
    (kept / "sqlite-opinionlens.db").unlink()
    (kept / "manifest.json").write_text(json.dumps(manifest))
    told = command.run("--local", "restore", "--force", folder=tmp_path, fails=True)
    assert "another installation: local, sqlite-opinionlens.db" in told


def test_nothing_to_restore_is_said(command, tmp_path):
    assert "There is no backup in" in command.run("--local", "restore", folder=tmp_path, fails=True)
    assert "holds no backup" in command.run("--local", "restore", "none", folder=tmp_path, fails=True)


class Stack:
    """A server with the stack's databases and volumes, behind a stand-in for Compose."""

    def __init__(self, folder, server):
        self.volumes, self.calls = folder / "volumes", folder / "calls"
        self.server = server
        self.environment = {
            "COMPOSE": f"{sys.executable} {STAND_IN}",
            "VOLUMES": str(self.volumes),
            "CALLS": str(self.calls),
            "DATABASE_SERVER": f"127.0.0.1:{server.port}",
        }
        for name in ("opinionlens", "mlflow"):
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name}")
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
                    connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
                connection.execute(f"CREATE DATABASE {name} OWNER {name}")
        self.artifacts = self.volumes / "mlflow" / "var/lib/mlflow/artifacts"
        self.models = self.volumes / "opinionlens" / "var/lib/opinionlens"
        for path in (self.artifacts, self.models):
            path.mkdir(parents=True)

    def url(self, name):
        return self.server.url(name).replace("//opinionlens:", f"//{name}:")

    def fill(self):
        for name in ("opinionlens", "mlflow"):
            with psycopg.connect(self.url(name)) as connection:
                connection.execute(ROWS.format(name=f"rows_of_{name}"))
        for path in (self.artifacts / "1" / "a", self.models / "models" / "b", self.models / "logs"):
            path.mkdir(parents=True)
            (path / "file").write_bytes(os.urandom(20_000))

    def content(self):
        return {
            **{name: postgres_content(self.url(name)) for name in ("opinionlens", "mlflow")},
            **{f"{name} schema": postgres_schema(self.url(name)) for name in ("opinionlens", "mlflow")},
            "artifacts": folder_content(self.artifacts),
            "models": folder_content(self.models / "models"),
        }

    def asked(self):
        return [json.loads(line) for line in self.calls.read_text().splitlines()]


def test_a_stack_is_restored_into_an_empty_one_row_for_row(postgres, command, tmp_path):
    old = Stack(tmp_path / "old", postgres)
    old.fill()
    content = old.content()
    assert len(content["mlflow"]["rows_of_mlflow"]) == 300
    told = command.run("create", **old.environment)
    assert all(
        name in told for name in ("postgres-opinionlens.sql.gz", "mlflow-artifacts.tar", "app-data.tar")
    )
    # The new server: its databases and volumes are there and empty.
    new = Stack(tmp_path / "new", postgres)
    assert "All parts are those of" in command.run("restore", **new.environment)
    assert new.content() == content
    # Logs stay where they were written.
    assert not (new.models / "logs").exists()
    calls = new.asked()
    assert calls[0][-4:] == ["up", "--detach", "--wait", "postgres"]
    [stopped] = [call for call in calls if "stop" in call]
    assert stopped[stopped.index("stop") + 1 :] == ["opinionlens", "worker", "mlflow"]
    # No password stands on any command line.
    assert "secret" not in json.dumps(old.asked() + calls)
    told = command.run("restore", fails=True, **new.environment)
    assert "Not empty: the PostgreSQL database opinionlens, the PostgreSQL database mlflow" in told


def test_a_restore_that_stops_says_how_far_it_came_and_goes_on(postgres, command, tmp_path):
    old = Stack(tmp_path / "old", postgres)
    old.fill()
    content = old.content()
    command.run("create", **old.environment)
    new = Stack(tmp_path / "new", postgres)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE mlflow SET default_transaction_read_only = on")
    told = command.run("restore", fails=True, **new.environment)
    assert "the PostgreSQL database mlflow is as it was" in told
    assert "Restored before that: the PostgreSQL database opinionlens." in told
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE mlflow RESET default_transaction_read_only")
    assert postgres_content(new.url("mlflow")) == {}
    command.run("restore", "--force", **new.environment)
    assert new.content() == content


def test_another_compose_file_is_named_by_a_variable(postgres, command, tmp_path):
    stack = Stack(tmp_path / "site", postgres)
    command.run("create", STACK_FILE="compose.yaml", STACK_FILES="over.yaml", **stack.environment)
    assert all(call[:4] == ["--file", "compose.yaml", "--file", "over.yaml"] for call in stack.asked())


def test_a_site_runs_from_its_own_file(tmp_path):
    (tmp_path / ".env").write_text("DOMAIN=example.com\n")
    for folder, environment, expected in (
        (tmp_path, {}, "compose.yaml"),
        (tmp_path, {"STACK_FILE": "other.yaml"}, "other.yaml"),
        (tmp_path / "stack", {}, "compose.local.yaml"),
        (tmp_path / "stack", {"DOMAIN": "example.com"}, "compose.yaml"),
    ):
        place = stack_place({"COMPOSE": "compose", **environment}, folder)
        assert place.parts[0].runner.wrap(["true"])[:3] == ["compose", "--file", expected]
        assert place.start_again == ("make stack" if expected == "compose.local.yaml" else "make site")


def test_a_site_that_has_lost_its_settings_is_not_started(tmp_path):
    (tmp_path / ".env").write_text("DOMAIN=example.com\n")
    place = stack_place({"COMPOSE": "false"}, tmp_path)
    with pytest.raises(BackupError, match=r"\.env\.prod, \.env\.build\. A site needs those that it had"):
        place.before()
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_site_gets_its_files_of_secrets_before_it_starts(tmp_path):
    """As after a move to another server, where nobody has called `make site` yet."""
    (tmp_path / ".env").write_text("DOMAIN=example.com\n")
    (tmp_path / ".env.prod").write_text("SECURITY__ADMIN_PASSWORD=the first one\n")
    (tmp_path / ".env.build").write_text("".join(f"{name}=mine\n" for name in BUILD_SECRETS))
    stack_place({"COMPOSE": "true"}, tmp_path).before()
    assert (tmp_path / ".secrets" / "POSTGRES_PASSWORD").read_text() == "mine"


def test_a_backup_of_another_kind_of_installation_is_refused(postgres, command, tmp_path):
    fill_local(tmp_path)
    command.run("--local", "create", folder=tmp_path)
    stack = Stack(tmp_path / "stack", postgres)
    assert "another installation: local" in command.run("restore", fails=True, **stack.environment)
