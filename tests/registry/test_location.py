"""Files on another web server than the registry's would be asked for with the registry's password."""

import pytest

from opinionlens.registry.location import is_foreign

REGISTRY = "http://localhost:80"


@pytest.mark.parametrize(
    "location",
    [
        "mlflow-artifacts:/1/models/m-1/artifacts",
        "mlflow-artifacts://localhost:80/1/models",
        "http://localhost/api/2.0/mlflow-artifacts/artifacts/1",
        "http://LOCALHOST:80/api/2.0/mlflow-artifacts/artifacts/1",
        "s3://bucket/1",
        "gs://bucket/1",
        "/srv/mlruns/1",
        "file:///srv/mlruns/1",
    ],
)
def test_the_registrys_own_files_and_those_of_object_stores_are_not_foreign(location):
    assert not is_foreign(location, REGISTRY)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:80@evil/1",
        "http://localhost:81/1",
        "https://localhost:80/1",
        "http://localhost.evil/1",
        "http://localhost:80\\@evil/1",
        "HTTP://evil/1",
        "mlflow-artifacts://localhost:80@evil/1",
        "mlflow-artifacts://evil/1",
        "mlflow-artifacts://localhost:81/1",
        "MLFLOW-ARTIFACTS://evil/1",
    ],
)
def test_another_server_is_foreign_however_it_is_written(location):
    assert is_foreign(location, REGISTRY)


def test_a_database_has_no_server_of_its_own():
    assert is_foreign("http://localhost/1", "sqlite:///mlruns.db")
    assert is_foreign("mlflow-artifacts://localhost/1", "sqlite:///mlruns.db")
    assert not is_foreign("/srv/mlruns/1", "sqlite:///mlruns.db")
