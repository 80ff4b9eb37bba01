"""Whether and how a server is asked without MLflow.

The login is the one that MLflow's client would take, from the same environment variables.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opinionlens.registry.port import Credentials

# They change what MLflow sends in ways that only its own client knows.
_MLFLOWS_OWN = (
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
    "MLFLOW_WORKSPACE",
    "MLFLOW_ALLOW_HTTP_REDIRECTS",
    "DATABRICKS_RUNTIME_VERSION",
    "_MLFLOW_DATABRICKS_TRAFFIC_ID",
)
# Groups of entry points by which packages put themselves between MLflow's client and a server, each with the
# schemes of addresses that concern us; None is every name.
_PLUGINS: Mapping[str, frozenset[str] | None] = {
    "mlflow.request_header_provider": None,
    "mlflow.model_registry_store": frozenset({"http", "https"}),
    "mlflow.artifact_repository": frozenset({"http", "https", "mlflow-artifacts"}),
}
_YES, _NO = frozenset({"true", "1"}), frozenset({"", "false", "0"})


@dataclass(frozen=True)
class Access:
    """How a server is asked.

    `repr` does not show the login.

    Attributes:
        headers: With the login, if there is one.
        verify: Whether the server's certificate is checked, or the path of what it is checked with.
        certificate: The path of our own certificate, if the server wants one.
    """

    headers: Mapping[str, str] = field(repr=False)
    verify: bool | str = True
    certificate: str | None = None


def plain_access(
    uri: str,
    environment: Mapping[str, str],
    credentials: Credentials | None,
    *,
    home: Path,
    plugin_names: Callable[[str], Iterable[str]],
) -> Access | None:
    """Return how a server is asked without MLflow.

    None where MLflow's client might do it otherwise: then it is to ask.

    Args:
        uri: The registry's address.
        environment: The variables of this process.
        credentials: They win over those of the environment.
        home: Where MLflow keeps a file with a login.
        plugin_names: Returns the names in a group of entry points.
    """
    if not uri.lower().startswith(("http://", "https://")):
        return None
    if any(environment.get(name) for name in _MLFLOWS_OWN) or _has_plugin(plugin_names):
        return None
    insecure = environment.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower()
    bundle = environment.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or None
    if insecure not in _YES | _NO or (insecure in _YES and bundle):
        return None  # MLflow says what is wrong with it
    headers = _login(environment, credentials)
    if headers is None and (home / ".mlflow" / "credentials").exists():
        return None
    return Access(
        headers=headers or _token(environment),
        verify=bundle or insecure in _NO,
        certificate=environment.get("MLFLOW_TRACKING_CLIENT_CERT_PATH") or None,
    )


def _login(environment: Mapping[str, str], credentials: Credentials | None) -> dict[str, str] | None:
    username = credentials.username if credentials else environment.get("MLFLOW_TRACKING_USERNAME")
    password = credentials.password if credentials else environment.get("MLFLOW_TRACKING_PASSWORD")
    if not username or not password:
        return None
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {encoded}"}


def _token(environment: Mapping[str, str]) -> dict[str, str]:
    token = environment.get("MLFLOW_TRACKING_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _has_plugin(plugin_names: Callable[[str], Iterable[str]]) -> bool:
    return any(
        any(concerned is None or name in concerned for name in plugin_names(group))
        for group, concerned in _PLUGINS.items()
    )
