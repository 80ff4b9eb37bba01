"""From nothing to healthy."""

import pytest

SERVICES = {
    *("opinionlens", "worker", "mlflow", "postgres", "traefik", "grafana"),
    "receiver",  # the tests' own
    *("prometheus", "alertmanager", "node-exporter", "postgres-exporter"),
}
JOBS = {"migrate", "mlflow-migrate", "mlflow-users"}


def test_every_service_is_healthy(stack):
    states = stack.compose.states()
    assert {name for name, state in states.items() if state in {"healthy", "running"}} == SERVICES
    assert {name for name, state in states.items() if state == "exited 0"} == JOBS


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("opinionlens", "/health", 200),
        ("opinionlens", "/", 200),
        ("mlflow", "/health", 200),
        ("mlflow", "/", 401),
        ("grafana", "/api/health", 200),
        ("prometheus", "/-/ready", 401),
        ("alertmanager", "/-/ready", 401),
        ("traefik", "/dashboard/", 401),
        ("nobody", "/", 404),
    ],
)
def test_each_name_leads_to_its_program(stack, name, path, status):
    assert stack.through_traefik(name).ask("GET", path).status == status
