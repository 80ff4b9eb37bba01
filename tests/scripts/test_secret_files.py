"""Files of secrets for a site, made of its files of settings."""

import stat

import pytest
from scripts.stack.compose_calls import StackError
from scripts.stack.env_files import EnvFiles
from scripts.stack.secret_files import renew, secrets_of

BUILD = {"POSTGRES_PASSWORD": "one", "OPINIONLENS_DB_PASSWORD": "two", "ALERT_SLACK_URL": "https://chat/x"}


def files(**prod):
    values = {".env": {"SECURITY__ADMIN_KEY": "of .env"}, ".env.prod": prod, ".env.build": BUILD}
    return EnvFiles((), values)


def test_each_secret_is_what_the_settings_say():
    found = secrets_of(files(SECURITY__ADMIN_PASSWORD="first"), {"POSTGRES_PASSWORD": "of the shell"})
    assert found["POSTGRES_PASSWORD"] == "of the shell"
    assert found["ALERT_SLACK_URL"] == "https://chat/x"
    assert found["SECURITY__ADMIN_PASSWORD"] == "first"
    assert found["SECURITY__ADMIN_KEY"] == "of .env"
    assert found["DATABASE__URL"] == "postgresql+psycopg://opinionlens:two@postgres/opinionlens"
    assert found["AIRFLOW_CONN_DRIFT_DB"] == "postgresql://opinionlens:two@postgres/opinionlens"
    assert found["ALERT_SMTP_PASSWORD"] == found["DRIFT__DB_URI"] == ""


def test_only_the_owner_gets_at_them_and_containers_may_read(tmp_path):
    assert renew(tmp_path, {"A": "first", "B": ""})
    folder = tmp_path / ".secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: path.read_text() for path in folder.iterdir() if path.name != "changed.env"} == {
        "A": "first",
        "B": "",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_a_changed_secret_changes_what_compose_compares(tmp_path):
    renew(tmp_path, {"A": "first", "B": "other"})
    changed = tmp_path / ".secrets" / "changed.env"
    before = changed.read_text()
    assert not renew(tmp_path, {"A": "first", "B": "other"})
    assert changed.read_text() == before
    assert renew(tmp_path, {"A": "second", "B": "other"})
    assert changed.read_text() != before
    assert (tmp_path / ".secrets" / "A").read_text() == "second"
    assert "second" not in changed.read_text()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / ".secrets").write_text("a file")
    with pytest.raises(StackError, match=r"\.secrets: File exists"):
        renew(tmp_path, {"A": "first"})
