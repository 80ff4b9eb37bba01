"""The addresses of the stack: asked before they are printed."""

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace

from scripts.stack.env_files import EnvFiles

HOST = "127.0.0.1"
SECONDS = 5


@dataclass(frozen=True)
class Door:
    """One address that people open."""

    service: str
    # Traefik knows it as this, before the domain.
    name: str
    port_setting: str
    port_default: str
    path: str
    login: str
    # What is worth opening there, where it is not the first page.
    page: str = ""
    # Traefik leads there; else there is the port alone.
    has_name: bool = True


APP = Door("opinionlens", "opinionlens", "HTTP_PORT", "80", "/health", "app")
FULL = (
    APP,
    Door("mlflow", "mlflow", "MLFLOW_PORT", "5000", "/health", "mlflow"),
    Door("grafana", "grafana", "GRAFANA_PORT", "3000", "/api/health", "grafana"),
    Door("prometheus", "prometheus", "PROMETHEUS_PORT", "9090", "/-/healthy", "operations"),
    Door("alertmanager", "alertmanager", "ALERTMANAGER_PORT", "9093", "/-/healthy", "operations"),
    Door("traefik", "traefik", "TRAEFIK_PORT", "8082", "/ping", "operations", "/metrics"),
)
AIRFLOW = (
    *FULL,
    Door("airflow", "airflow", "AIRFLOW_PORT", "8080", "/api/v2/version", "airflow", has_name=False),
)
SMALL = (replace(APP, service="opinionlens-small"),)


def logins(files: EnvFiles, environment: Mapping[str, str]) -> dict[str, str]:
    """Return who logs in where, and where the password is."""

    def of(setting: str, default: str, password: str) -> str:
        return f"{files.setting(setting, default, environment)}, {password} in .env.build"

    name = "SECURITY__ADMIN_USERNAME"
    app = environment.get(name) or files.values[".env.stage"].get(name) or files.values[".env"].get(name)
    by_name = of("OPERATIONS_USERNAME", "opinionlens", "OPERATIONS_PASSWORD")
    return {
        "app": f"{app or 'admin'}, SECURITY__ADMIN_PASSWORD in .env.stage (for /admin)",
        "mlflow": of("MLFLOW_AUTH_ADMIN_USERNAME", "opinionlens", "MLFLOW_AUTH_ADMIN_PASSWORD"),
        "grafana": of("GF_SECURITY_ADMIN_USER", "opinionlens", "GF_SECURITY_ADMIN_PASSWORD"),
        "airflow": of("AIRFLOW_ADMIN_USERNAME", "admin", "AIRFLOW_ADMIN_PASSWORD"),
        "operations": f"{by_name} (by name; the port asks for none)",
    }


def status_of(port: int, path: str, host: str | None = None) -> int | str:
    """Return the status that an address answers with, or what went wrong."""
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def resolves(name: str) -> bool:
    """Return whether programs on this machine find the name, at this machine."""
    try:
        return {entry[4][0] for entry in socket.getaddrinfo(name, None)} <= {HOST, "::1"}
    except OSError:
        return False


def is_taken(port: int) -> bool:
    """Return whether something listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
