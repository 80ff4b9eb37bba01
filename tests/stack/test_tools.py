"""The tools that people aim at a running address: `make smoke` and `make load`, through Traefik."""

import subprocess

from tests.stack.places import ROOT
from tests.support.programs import clean_environment

NAME = "opinionlens.localhost"


def make(target, **variables):
    """Run a target of the Makefile as its user does."""
    given = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        ["make", "--no-print-directory", target, *given],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_smoke_finds_all_well(stack):
    address = f"http://127.0.0.1:{stack.project.ports['HTTP_PORT']}"
    # The model of these tests has learnt other words than those of the questions.
    said = make("smoke", URL=address, HOST=NAME, KEY=stack.project.admin_key, OPTIONS="--any-label")
    assert "FAIL" not in said
    assert "All " in said


def test_load_of_users_has_no_failure(stack, tables):
    """Ten users, without a limit of their number of requests."""
    address = f"http://127.0.0.1:{stack.project.ports['HTTP_PORT']}"
    said = make("load", URL=address, HOST=NAME, USERS=10, TIME="10s")
    [total] = [line for line in said.splitlines() if "Aggregated" in line][:1]
    _, requests, failed, *_ = total.split()
    assert int(requests) > 20
    assert failed.startswith("0(")
    tables.add("counts", "make load: requests of 10 users in 10 s, failures", requests, failed)
