"""Settings: names, files, refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.setting_groups import Environment, Fallback
from opinionlens.base.settings import load_settings, setting_names

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("bare_environment")


def test_defaults_are_those_that_users_of_the_first_system_know(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.env is Environment.LOCAL
    assert settings.mlflow.local_experiment_name == "imdb_amazon_airtweets_data"
    assert settings.mlflow.remote_experiment_name == "OpinionLens"
    assert settings.mlflow.local_tracking_uri == "sqlite:///mlruns.db"
    assert settings.api.saved_model_path == tmp_path / "models"
    assert settings.api.fallback is Fallback.LEXICON
    assert (settings.api.max_text_chars, settings.api.max_batch_items) == (10_000, 1_000)
    assert settings.api.max_body_bytes == 2_000_000


def test_the_numbers_of_all_settings(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    groups = {name: getattr(settings, name) for name in ("api", "database", "mlflow", "privacy", "security")}
    numbers = {
        f"{group}.{name}": value
        for group, values in groups.items()
        for name, value in values
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    assert numbers == {
        "api.port": 8_000,
        "api.follow_seconds": 10,
        "api.max_text_chars": 10_000,
        "api.max_batch_items": 1_000,
        "api.max_body_bytes": 2_000_000,
        "api.batch_threads": 2,
        "api.batch_queue": 16,
        "api.drain_seconds": 0,
        "api.workers": 1,
        "api.max_connections": 1_000,
        "api.max_connections_per_address": 100,
        "privacy.texts_days": 30,
        "privacy.predictions_days": 365,
        "privacy.predictions_rows": 2_000_000,
        "security.session_hours": 12,
        "security.feedback_per_minute": 30,
    }


def test_the_registry_is_the_local_one_until_a_remote_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings(tmp_path).mlflow.registry_uri == "sqlite:///mlruns.db"
    monkeypatch.setenv("MLFLOW__REMOTE_TRACKING_URI", "http://mlflow.localhost/")
    assert load_settings(tmp_path).mlflow.registry_uri == "http://mlflow.localhost"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("API__LOGING_LEVEL", "API__LOGGING_LEVEL"),
        ("MLFLOW__REMOTE_TRACKING_URL", "MLFLOW__REMOTE_TRACKING_URI"),
        ("DATABASE__URI", "DATABASE__URL"),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, suggestion: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings(tmp_path)
    assert name in refusal.value.what
    assert f"Did you mean {suggestion}?" in str(refusal.value.remedy)
    assert refusal.value.where == "the environment"


def test_an_unknown_name_in_a_file_is_refused_with_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("API__COLOUR=blue\n")
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings(tmp_path)
    assert refusal.value.where == str(tmp_path / ".env")
    assert "API__MODEL_NAME" in str(refusal.value.remedy)


def test_names_of_others_in_a_file_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTGRES_USER=root\nMLFLOW_TRACKING_USERNAME=me\n")
    assert load_settings(tmp_path).env is Environment.LOCAL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API__MAX_TEXT_CHARS", "many-4711"),
        ("API__MAX_TEXT_CHARS", "0"),
        ("API__LOGGING_LEVEL", "loud-4711"),
        ("API__FALLBACK", "guess-4711"),
        ("MLFLOW__LOCAL_TRACKING_URI", "file:///tmp/4711"),
        ("MLFLOW__LOCAL_TRACKING_URI", "./mlruns-4711"),
        ("ENV", "moon"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings(tmp_path)
    assert refusal.value.what.startswith(name)
    assert "4711" not in str(refusal.value)


def test_the_file_follows_the_environment_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("API__MODEL_NAME=everywhere\nAPI__PORT=8001\n")
    (tmp_path / ".env.stage").write_text("API__MODEL_NAME=staged\n")
    assert load_settings(tmp_path).api.model_name == "everywhere"
    monkeypatch.setenv("ENV", "stage")
    staged = load_settings(tmp_path)
    assert (staged.api.model_name, staged.api.port) == ("staged", 8001)
    monkeypatch.setenv("API__MODEL_NAME", "typed")
    assert load_settings(tmp_path).api.model_name == "typed"


def test_the_first_file_may_choose_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('ENV="prod"\n')
    (tmp_path / ".env.prod").write_text("API__PORT=9000\n")
    settings = load_settings(tmp_path)
    assert (settings.env, settings.api.port) == (Environment.PROD, 9000)


def test_an_empty_value_means_the_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MLFLOW__REMOTE_TRACKING_URI=\nMLFLOW__REMOTE_PASSWORD=\n")
    settings = load_settings(tmp_path)
    assert settings.mlflow.remote_tracking_uri is None
    assert settings.mlflow.remote_password is None


def test_secrets_do_not_show_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE__URL", "postgresql://me:hunter2@db/x")
    monkeypatch.setenv("MLFLOW__REMOTE_PASSWORD", "hunter2")
    settings = load_settings(tmp_path)
    assert "hunter2" not in repr(settings)
    assert settings.database.url.get_secret_value().endswith("@db/x")


@pytest.mark.parametrize(
    ("env", "chosen", "follows"),
    [("local", None, True), ("prod", None, False), ("prod", "true", True), ("local", "false", False)],
)
def test_the_champion_is_followed_by_default_only_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: str, chosen: str | None, follows: bool
) -> None:
    monkeypatch.setenv("ENV", env)
    if chosen is not None:
        monkeypatch.setenv("API__FOLLOW_CHAMPION", chosen)
    assert load_settings(tmp_path).follows_champion is follows


def test_a_tilde_in_a_path_means_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    (tmp_path / ".env").write_text("API__SAVED_MODEL_PATH=~/models\n")
    assert load_settings(tmp_path).api.saved_model_path == tmp_path / "home" / "models"


def test_every_setting_is_described() -> None:
    from opinionlens.base.settings import _GROUPS

    for model in _GROUPS.values():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


@pytest.mark.parametrize(
    ("template", "env"), [("env", "local"), ("env.stage", "stage"), ("env.prod", "prod")]
)
def test_the_templates_name_only_known_settings_and_hold_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, env: str
) -> None:
    (tmp_path / f".{template}").write_text((ROOT / template).read_text())
    monkeypatch.setenv("ENV", env)
    settings = load_settings(tmp_path)
    assert settings.mlflow.remote_password is None
    assert settings.env == env


def test_the_local_template_mentions_every_setting() -> None:
    text = (ROOT / "env").read_text()
    assert [name for name in setting_names() if f"{name}=" not in text] == []


def test_importing_reads_no_environment() -> None:
    code = "import opinionlens.base.settings, sys; sys.exit('mlflow' in sys.modules)"
    environment = os.environ | {"API__NONSENSE": "1"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    "address", ["http://", "http://localhost:port", "http://localhost:99999", "https:///x"]
)
def test_a_registry_address_without_a_host_stops_the_start(address, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW__REMOTE_TRACKING_URI", address)
    with pytest.raises(
        SettingsInvalid, match=r"MLFLOW__REMOTE_TRACKING_URI: .*https://mlflow\.example\.com:5000"
    ):
        load_settings(tmp_path)


def test_mlflows_own_address_stands_in_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.com:5000/")
    mlflow = load_settings(tmp_path).mlflow
    assert mlflow.local_tracking_uri == "http://mlflow.example.com:5000"
    assert (mlflow.registry_uri, mlflow.registry_setting) == (
        mlflow.local_tracking_uri,
        "MLFLOW_TRACKING_URI",
    )
    monkeypatch.setenv("MLFLOW__REMOTE_TRACKING_URI", "http://registry:5000")
    mlflow = load_settings(tmp_path).mlflow
    assert mlflow.local_tracking_uri == "http://mlflow.example.com:5000"
    assert (mlflow.registry_uri, mlflow.registry_setting) == (
        "http://registry:5000",
        "MLFLOW__REMOTE_TRACKING_URI",
    )


def test_our_address_goes_before_mlflows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///the/older/store")  # not even looked at
    (tmp_path / ".env").write_text("MLFLOW__LOCAL_TRACKING_URI=sqlite:///ours.db\n")
    mlflow = load_settings(tmp_path).mlflow
    assert (mlflow.registry_uri, mlflow.registry_setting) == (
        "sqlite:///ours.db",
        "MLFLOW__LOCAL_TRACKING_URI",
    )


def test_a_copied_template_leaves_mlflows_variables_their_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text((ROOT / "env").read_text())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert load_settings(tmp_path).mlflow.local_tracking_uri == "http://mlflow:5000"


def test_mlflows_variables_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "stage")
    (tmp_path / ".env").write_text("MLFLOW_TRACKING_URI=http://first:1\nMLFLOW_TRACKING_USERNAME=ann\n")
    (tmp_path / ".env.stage").write_text("MLFLOW_TRACKING_URI=http://second:2\n")
    mlflow = load_settings(tmp_path).mlflow
    assert (mlflow.local_tracking_uri, mlflow.remote_username) == ("http://second:2", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://third:3")
    assert load_settings(tmp_path).mlflow.local_tracking_uri == "http://third:3"


def test_mlflows_login_stands_in_only_as_a_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "of-ann-4711")
    mlflow = load_settings(tmp_path).mlflow
    assert mlflow.remote_username == "ann"
    assert mlflow.remote_password is not None
    assert mlflow.remote_password.get_secret_value() == "of-ann-4711"
    assert "4711" not in repr(mlflow)
    assert mlflow.name_of("remote_password") == "MLFLOW_TRACKING_PASSWORD"
    monkeypatch.setenv("MLFLOW__REMOTE_USERNAME", "ben")
    mlflow = load_settings(tmp_path).mlflow
    assert (mlflow.remote_username, mlflow.remote_password) == ("ben", None)  # Ann's password is not Ben's
    assert mlflow.tracking_login == {
        "MLFLOW_TRACKING_USERNAME": "ann",
        "MLFLOW_TRACKING_PASSWORD": "of-ann-4711",
    }


def test_a_wrong_address_of_mlflow_is_refused_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MLFLOW_TRACKING_URI=file:///tmp/mlruns-4711\n")
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings(tmp_path)
    assert refusal.value.what.startswith("MLFLOW_TRACKING_URI: ")
    assert refusal.value.where == str(tmp_path / ".env")
    assert refusal.value.remedy == "MLFLOW__LOCAL_TRACKING_URI goes before it."
    assert "4711" not in str(refusal.value)
