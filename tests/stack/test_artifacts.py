"""Artifacts on S3 by one variable: what the host promotes lies in the bucket, and the app fetches it.

The last test of the whole stack: it leaves MLflow on S3.
"""

import re

import pytest
from tests.stack.asking import Door
from tests.stack.stand_ins import S3, build
from tests.support.ports import free_port
from tests.support.waiting import wait_until

BUCKET = "artifacts-of-opinionlens"


@pytest.fixture(scope="module")
def s3(stack, docker):
    """An S3 server beside MLflow, with an empty bucket."""
    port = free_port()
    container = docker.run(
        *("run", "--detach", "--rm", "--network", f"{stack.compose.name}_web", "--network-alias", "s3"),
        *("--publish", f"127.0.0.1:{port}:9000", build(docker, S3)),
    ).strip()
    try:
        door = Door(port)
        wait_until(lambda: answers(door), 60, "S3 answers")
        assert door.ask("PUT", f"/{BUCKET}").status == 200
        yield door
    finally:
        docker.run("rm", "--force", container)


def answers(door):
    try:
        return door.ask("GET", "/").status == 200
    except OSError:
        return False


def stored(s3):
    return re.findall(r"<Key>(.+?)</Key>", s3.ask("GET", f"/{BUCKET}?list-type=2").body)


def test_artifacts_land_in_the_bucket(stack, app, host, s3):
    stack.compose.variables |= {
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{BUCKET}/models",
        "MLFLOW_S3_ENDPOINT_URL": "http://s3:9000",
        "MLFLOW_S3_ACCESS_KEY_ID": "somebody",
        "MLFLOW_S3_SECRET_ACCESS_KEY": "something secret",
    }
    stack.compose.run("up", "--detach", "--no-build", "--no-deps", "mlflow")
    stack.compose.wait_until_healthy("mlflow", seconds=120)
    assert stored(s3) == []
    host.train(share=0.75)
    said = host.promote("--force", "to see where its files go")
    version = int(re.findall(r"opinionlens version (\d+) is the champion", said)[0])
    names = stored(s3)
    assert {name.partition("/")[0] for name in names} == {"models"}
    assert [name for name in names if name.endswith("/manifest.json")] != []
    order = {"model_name": "opinionlens", "model_version": version, "set_default": True}
    fetched = app.ask("POST", "/api/v1/models/?wait=true", order, seconds=150)
    assert fetched.status == 201, fetched.body
    assert app.ask("GET", "/api/v1/about").body["model"]["version"] == version
