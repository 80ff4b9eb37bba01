"""Who may be asked without MLflow, and with which login."""

import base64
from pathlib import Path

import pytest

from opinionlens.registry import Credentials
from opinionlens.registry.rest_access import Access, plain_access

ANN = {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "geheim:1"}


def access(
    environment=None, uri="https://mlflow.test", credentials=None, home=Path("/nowhere"), plugins=None
):
    return plain_access(
        uri,
        environment or {},
        credentials,
        home=home,
        plugin_names=lambda group: (plugins or {}).get(group, []),
    )


def basic(login: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def test_without_a_login_none_is_sent():
    assert access() == Access(headers={})


def test_a_login_of_the_environment_is_sent():
    assert access(ANN).headers == basic("ann:geheim:1")
    assert access({"MLFLOW_TRACKING_TOKEN": "abc"}).headers == {"Authorization": "Bearer abc"}
    assert access(ANN | {"MLFLOW_TRACKING_TOKEN": "abc"}).headers == basic("ann:geheim:1")
    assert access({"MLFLOW_TRACKING_USERNAME": "ann"}).headers == {}


def test_given_credentials_win():
    assert access(ANN, credentials=Credentials("bob", "größe")).headers == basic("bob:größe")


def test_the_login_is_not_shown():
    assert base64.b64encode(b"ann:geheim:1").decode() not in repr(access(ANN))


@pytest.mark.parametrize(
    ("environment", "verify"),
    [
        ({}, True),
        ({"MLFLOW_TRACKING_INSECURE_TLS": "false"}, True),
        ({"MLFLOW_TRACKING_INSECURE_TLS": "True"}, False),
        ({"MLFLOW_TRACKING_INSECURE_TLS": "1"}, False),
        ({"MLFLOW_TRACKING_SERVER_CERT_PATH": "/etc/ca.pem"}, "/etc/ca.pem"),
    ],
)
def test_certificates_are_checked_as_the_environment_says(environment, verify):
    assert access(environment).verify == verify


def test_our_own_certificate_is_shown_to_the_server():
    assert access({"MLFLOW_TRACKING_CLIENT_CERT_PATH": "/etc/own.pem"}).certificate == "/etc/own.pem"


@pytest.mark.parametrize(
    "environment",
    [
        {"MLFLOW_TRACKING_AUTH": "kubernetes"},
        {"MLFLOW_TRACKING_AWS_SIGV4": "true"},
        {"MLFLOW_WORKSPACE": "team"},
        {"MLFLOW_ALLOW_HTTP_REDIRECTS": "false"},
        {"DATABRICKS_RUNTIME_VERSION": "15"},
        {"MLFLOW_TRACKING_INSECURE_TLS": "perhaps"},
        {"MLFLOW_TRACKING_INSECURE_TLS": "true", "MLFLOW_TRACKING_SERVER_CERT_PATH": "/etc/ca.pem"},
    ],
)
def test_what_only_mlflow_can_do_is_left_to_it(environment):
    assert access(environment) is None


@pytest.mark.parametrize(
    "uri",
    ["sqlite:///mlruns.db", "postgresql://db/mlflow", "databricks", "databricks://profile", "mlruns", ""],
)
def test_what_is_no_web_server_is_left_to_mlflow(uri):
    assert access(uri=uri) is None


def test_a_login_in_mlflows_file_is_left_to_it(tmp_path):
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text("[mlflow]\nmlflow_tracking_username = ann\n")

    assert access(home=tmp_path) is None
    assert access(ANN, home=tmp_path).headers == basic("ann:geheim:1")


@pytest.mark.parametrize(
    ("group", "name", "is_left"),
    [
        ("mlflow.request_header_provider", "anything", True),
        ("mlflow.model_registry_store", "https", True),
        ("mlflow.model_registry_store", "azureml", False),
        ("mlflow.artifact_repository", "mlflow-artifacts", True),
        ("mlflow.artifact_repository", "abfss", False),
    ],
)
def test_plugins_between_mlflow_and_the_server_are_left_to_it(group, name, is_left):
    assert (access(plugins={group: [name]}) is None) == is_left
