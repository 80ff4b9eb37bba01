"""The load test by locust: bounded, checked, and no business of pytest's."""

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from tests.support.app_server import AppServer

ROOT = Path(__file__).parents[2]
KEY = "key-of-the-load-test-0123456789abcdef"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app in which predictions need a key; the word list answers."""
    folder = tmp_path_factory.mktemp("app")
    server = AppServer(folder, admin_key=KEY, SECURITY__PREDICT_NEEDS_KEY="true")
    server.start()
    server.wait_for("/health")
    yield server
    server.kill()


def run_locust(*options):
    # In a process of its own: locust replaces parts of the standard library when it is imported.
    command = [sys.executable, "-m", "locust", "--locustfile", "tests/load_test.py", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def load(server, *options):
    headless = ("--headless", "--host", f"http://127.0.0.1:{server.port}", "--only-summary")
    return run_locust(*headless, "--users", "2", "--run-time", "3s", *options)


def test_users_are_served_without_a_failure(server):
    done = load(server, "--key", KEY, "--host-header", "opinionlens.localhost")
    assert done.returncode == 0, done.stdout + done.stderr
    # Which texts it takes is chance.
    labels = ("negative", "neutral", "positive")
    assert sum(server.metric(f'sentiment_predictions_total{{label="{label}"}}') for label in labels) > 0


def test_answers_that_are_no_predictions_are_failures(server):
    done = load(server)
    assert done.returncode == 1
    assert "status 401" in done.stdout + done.stderr


def test_without_options_it_has_an_end():
    program = (
        "import tests.load_test\n"
        "from locust import events\n"
        "from locust.argument_parser import get_parser\n"
        "parser = get_parser()\n"
        "events.init_command_line_parser.fire(parser=parser)\n"
        "chosen = parser.parse_args([])\n"
        "print(chosen.num_users, chosen.run_time)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert shown.stdout.split() == ["10", "60"]


def test_pytest_does_not_collect_it(pytestconfig):
    assert not any(fnmatch("load_test.py", pattern) for pattern in pytestconfig.getini("python_files"))
