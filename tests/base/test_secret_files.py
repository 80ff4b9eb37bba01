"""Secrets from files that variables name."""

import pytest

from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.secret_files import take_secrets
from opinionlens.base.settings import load_settings


def test_a_file_gives_its_variable_and_the_files_name_goes(tmp_path):
    (tmp_path / "url").write_text("postgresql://app:hush@db/app\n")
    environment = {"DATABASE__URL": "", "DATABASE__URL_FILE": str(tmp_path / "url"), "OTHER_FILE": "x"}
    take_secrets(environment)
    assert environment == {"DATABASE__URL": "postgresql://app:hush@db/app", "OTHER_FILE": "x"}


def test_a_value_goes_before_a_file(tmp_path):
    environment = {"SECURITY__ADMIN_KEY": "given", "SECURITY__ADMIN_KEY_FILE": str(tmp_path / "nowhere")}
    take_secrets(environment)
    assert environment == {"SECURITY__ADMIN_KEY": "given"}


def test_an_empty_file_is_as_good_as_none(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("")
    environment = {"SECURITY__ADMIN_KEY_FILE": str(tmp_path / "key")}
    take_secrets(environment)
    monkeypatch.setenv("SECURITY__ADMIN_KEY", environment["SECURITY__ADMIN_KEY"])
    assert load_settings(tmp_path).security.admin_key is None


def test_settings_are_read_with_them_wherever_they_are_read(tmp_path, monkeypatch):
    """Also by a program of one's own in a container, which no command of ours has prepared."""
    (tmp_path / "url").write_text("postgresql+psycopg://app:hush@db/app\n")
    (tmp_path / "password").write_text("hush hush")
    for name, file in (("DATABASE__URL", "url"), ("MLFLOW__REMOTE_PASSWORD", "password")):
        monkeypatch.setenv(name, "")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / file))
    monkeypatch.setenv("MLFLOW__REMOTE_USERNAME", "app")
    settings = load_settings(tmp_path)
    assert settings.database.url.get_secret_value() == "postgresql+psycopg://app:hush@db/app"
    assert settings.mlflow.remote_password.get_secret_value() == "hush hush"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "HF_TOKEN_FILE: .*token cannot be read: No such file"),
        (b"hush\nhush", "is not one line"),
        (b"hush" * 5_000, "is not one line"),
        (b"hush\xff", "is no text in UTF-8"),
    ],
)
def test_what_cannot_be_a_secret_is_named_and_not_shown(tmp_path, content, expected):
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(SettingsInvalid, match=expected) as caught:
        take_secrets({"HF_TOKEN_FILE": str(tmp_path / "token")})
    assert "hush" not in str(caught.value)
