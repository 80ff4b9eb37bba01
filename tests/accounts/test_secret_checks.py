"""What a test stage and a production site do not start with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from opinionlens.accounts.secret_checks import refuse_weak_secrets
from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.setting_groups import DatabaseSettings, Environment, MlflowSettings, SecuritySettings
from opinionlens.base.settings import Settings, load_settings
from opinionlens.server.entry import build_app

GOOD_KEY = "5f0c7c2f9e6b4a1d8e3f2a1b0c9d8e7f"
GOOD_PASSWORD = "a fine day for a walk"


pytestmark = pytest.mark.usefixtures("bare_environment")


def settings_with(
    env: str = "prod",
    *,
    url: str = "sqlite:///x.db",
    remote_username: str | None = None,
    remote_password: str | None = None,
    **security: Any,
) -> Settings:
    return Settings().model_copy(
        update={
            "env": Environment(env),
            "database": DatabaseSettings(url=SecretStr(url)),
            "mlflow": MlflowSettings(remote_username=remote_username, remote_password=remote_password),
            "security": SecuritySettings(**security),
        }
    )


@pytest.mark.parametrize("env", ["stage", "prod"])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("SECURITY__ADMIN_PASSWORD", {"admin_password": "admin"}),
        ("SECURITY__ADMIN_PASSWORD", {"admin_password": "password"}),
        ("SECURITY__ADMIN_PASSWORD", {"admin_password": "changeme"}),
        ("SECURITY__ADMIN_PASSWORD", {"admin_password": "changeme-changeme"}),
        ("SECURITY__ADMIN_PASSWORD", {"admin_password": ""}),
        ("SECURITY__ADMIN_PASSWORD", {"admin_password": "k7Qz-mp4R-x"}),
        ("SECURITY__ADMIN_PASSWORD", {"admin_password": "theoperator1", "admin_username": "theoperator"}),
        ("SECURITY__ADMIN_KEY", {"admin_key": ""}),
        ("SECURITY__ADMIN_KEY", {"admin_key": GOOD_KEY[:-1]}),
        ("SECURITY__ADMIN_KEY", {"admin_key": "a1" * 40}),
        ("SECURITY__ADMIN_KEY", {"admin_key": "abcdefg" * 5}),
        ("DATABASE__URL", {"url": "postgresql://anna:x7Qm-9v@postgres/x"}),
        ("MLFLOW__REMOTE_PASSWORD", {"remote_username": "ann", "remote_password": "x7Qm-9v"}),
        ("DATABASE__URL", {"url": "postgresql://opinionlens@postgres/opinionlens"}),
        ("DATABASE__URL", {"url": "postgresql://opinionlens:@postgres/opinionlens"}),
        ("DATABASE__URL", {"url": "postgresql://postgres:postgres@postgres/opinionlens"}),
        ("DATABASE__URL", {"url": "postgresql+psycopg://opinionlens:opinionlens@postgres/opinionlens"}),
        ("DATABASE__URL", {"url": "postgresql://anna:password@postgres/x"}),
        ("DATABASE__URL", {"url": "postgresql://reputation:reputation@postgres/x"}),
        ("DATABASE__URL", {"url": "postgresql://anna:reputation1@postgres/reputation"}),
        ("DATABASE__URL", {"url": "postgresql://anna:x7Qm@postgres/x"}),
        ("MLFLOW__REMOTE_PASSWORD", {"remote_username": "ann"}),
        ("MLFLOW__REMOTE_PASSWORD", {"remote_username": "ann", "remote_password": ""}),
        ("MLFLOW__REMOTE_PASSWORD", {"remote_username": "ann", "remote_password": "password1234"}),
    ],
)
def test_a_weak_secret_is_refused_by_name_and_not_shown(env: str, name: str, values: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        refuse_weak_secrets(settings_with(env, **values))
    message = str(refusal.value)
    assert message.startswith(f"{name} ")
    assert f"ENV={env}" in message
    assert refusal.value.where == "the environment"
    assert refusal.value.remedy
    secret = values.get("admin_password") or values.get("admin_key") or values.get("remote_password")
    assert not secret or len(secret) < 12 or secret not in message
    assert "@postgres" not in message


@pytest.mark.parametrize("env", ["stage", "prod"])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"admin_password": GOOD_PASSWORD, "admin_key": GOOD_KEY},
        {"url": "postgresql://opinionlens:x7Qm-9vLp2@postgres/opinionlens"},
        {"url": "postgresql:///opinionlens?host=/var/run/postgresql"},
        {"remote_username": "ann", "remote_password": "x7Qm-9vLp2"},
        {"remote_username": "ann", "remote_password": "x7Qm-9vL"},
        {"url": "postgresql://anna:x7Qm-9vL@postgres/x"},
        {"admin_key": "abcdefgh" * 4},
        {"remote_password": "short"},
    ],
)
def test_good_ones_and_none_at_all_are_taken(env: str, values: dict[str, str]) -> None:
    refuse_weak_secrets(settings_with(env, **values))


def test_a_laptop_starts_with_anything() -> None:
    refuse_weak_secrets(
        settings_with(
            "local", admin_password="admin", admin_key="x", url="postgresql://a:a@h/a", trusted_hosts="*"
        )
    )


def test_any_name_is_for_stages_only() -> None:
    refuse_weak_secrets(settings_with("stage", trusted_hosts="*"))
    with pytest.raises(SettingsInvalid, match="SECURITY__TRUSTED_HOSTS"):
        refuse_weak_secrets(settings_with("prod", trusted_hosts="example.com, *"))


@pytest.mark.parametrize("proxies", ["*", "0.0.0.0/0", "10.0.0.2, ::/0"])
def test_any_proxy_is_for_stages_only(proxies: str) -> None:
    refuse_weak_secrets(settings_with("stage", trusted_proxies=proxies))
    with pytest.raises(SettingsInvalid, match="SECURITY__TRUSTED_PROXIES"):
        refuse_weak_secrets(settings_with("prod", trusted_proxies=proxies))
    refuse_weak_secrets(settings_with("prod", trusted_proxies="10.0.0.2,172.16.0.0/12"))


def test_the_app_does_not_start_and_the_pipeline_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("ENV=prod\n")
    (tmp_path / ".env.prod").write_text("SECURITY__ADMIN_PASSWORD=hunter2\n")
    with pytest.raises(SettingsInvalid) as refusal:
        build_app()
    assert "SECURITY__ADMIN_PASSWORD" in str(refusal.value)
    assert refusal.value.where == str(tmp_path / ".env.prod")
    assert "hunter2" not in str(refusal.value)
    assert load_settings().env is Environment.PROD


def test_the_templates_of_stage_and_prod_start_once_their_secrets_are_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parents[2]
    for env in ("stage", "prod"):
        template = (root / f"env.{env}").read_text()
        filled = template.replace("MLFLOW__REMOTE_PASSWORD=", "MLFLOW__REMOTE_PASSWORD=x7Qm-9vLp2")
        (tmp_path / f".env.{env}").write_text(filled)
        monkeypatch.setenv("ENV", env)
        refuse_weak_secrets(load_settings(tmp_path))
        (tmp_path / f".env.{env}").write_text(template)
        with pytest.raises(SettingsInvalid, match="MLFLOW__REMOTE_PASSWORD"):
            refuse_weak_secrets(load_settings(tmp_path))


def test_the_password_of_the_registry_is_named_as_it_was_set(tmp_path, monkeypatch, bare_environment):
    monkeypatch.setenv("ENV", "stage")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "password1234")
    with pytest.raises(SettingsInvalid, match=r"MLFLOW_TRACKING_PASSWORD .*MLFLOW_TRACKING_USERNAME"):
        refuse_weak_secrets(load_settings(tmp_path))
