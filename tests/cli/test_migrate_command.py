"""`opinionlens migrate`: tables before the first start, and the checks that would stop it."""

import sqlite3
from contextlib import closing

import pytest
from typer.testing import CliRunner

from opinionlens.base.errors import SettingsInvalid
from opinionlens.cli.exit_status import run_to_end
from opinionlens.cli.main import app
from opinionlens.storage import StorageUnavailable


@pytest.fixture(autouse=True)
def folder(bare_environment, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def run():
    return CliRunner().invoke(app, ["migrate"], catch_exceptions=False)


def tables(path):
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_makes_the_tables_and_may_run_again(tmp_path):
    for _ in range(2):
        result = run()
        assert result.exit_code == 0
        assert result.stderr == f"The tables in {tmp_path / 'opinionlens.db'} are up to date.\n"
        assert {"users", "deployments", "predictions"} <= tables(tmp_path / "opinionlens.db")


def test_address_of_the_database_may_stand_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "url").write_text("sqlite:///elsewhere.db\n")
    monkeypatch.setenv("DATABASE__URL", "")
    monkeypatch.setenv("DATABASE__URL_FILE", str(tmp_path / "url"))
    run_to_end(lambda: app(["migrate"], standalone_mode=False))
    assert "users" in tables(tmp_path / "elsewhere.db")


def test_refuses_what_the_app_would_refuse(monkeypatch, tmp_path):
    monkeypatch.setenv("ENV", "stage")
    monkeypatch.setenv("SECURITY__ADMIN_PASSWORD", "admin")
    with pytest.raises(SettingsInvalid, match="SECURITY__ADMIN_PASSWORD"):
        run()
    assert not (tmp_path / "opinionlens.db").exists()


def test_says_that_the_database_does_not_answer(monkeypatch):
    monkeypatch.setenv("DATABASE__URL", "postgresql+psycopg://opinionlens@127.0.0.1:9/opinionlens")
    with pytest.raises(StorageUnavailable, match=r"127\.0\.0\.1:9"):
        run()
