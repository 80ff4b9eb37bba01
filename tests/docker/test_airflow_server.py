"""The script that runs Airflow in its container."""

import base64
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.image_scripts import ROOT, script
from tests.support.ports import free_port
from tests.support.waiting import wait_until

airflow_server = script("airflow_server")
ENVIRONMENT = {
    "AIRFLOW_ADMIN_PASSWORD": "twelve chars",
    "AIRFLOW_SECRET_KEY": "a secret",
    "AIRFLOW_HOME": "/var/lib/airflow",
}
PASSWORDS = Path("/run/passwords.json")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"AIRFLOW_ADMIN_PASSWORD": ""}, "AIRFLOW_ADMIN_PASSWORD is empty."),
        ({"AIRFLOW_SECRET_KEY": ""}, "AIRFLOW_SECRET_KEY is empty."),
        ({"AIRFLOW_ADMIN_PASSWORD": "eleven char"}, "AIRFLOW_ADMIN_PASSWORD needs 12 characters or more."),
        (
            {"AIRFLOW_ADMIN_USERNAME": "ann:viewer,admin"},
            "AIRFLOW_ADMIN_USERNAME may have letters, digits and . @ _ - only.",
        ),
    ],
)
def test_it_says_what_it_lacks_and_starts_nothing(changed, problem, capsys):
    assert airflow_server.main(ENVIRONMENT | changed) == 2
    assert capsys.readouterr().err.splitlines() == [problem, "env.build says what each is for."]


def test_keys_follow_from_the_secret_and_do_not_show_it():
    seen = airflow_server.environment_of_parts(ENVIRONMENT, PASSWORDS)
    again = airflow_server.environment_of_parts(ENVIRONMENT, PASSWORDS)
    other = airflow_server.environment_of_parts(ENVIRONMENT | {"AIRFLOW_SECRET_KEY": "another"}, PASSWORDS)
    names = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET")
    assert seen == again
    assert all(seen[name] != other[name] for name in names)
    assert len({seen[name] for name in names}) == 3
    # A key of Fernet has 32 bytes; one of the HMAC with SHA-512 should have 64.
    assert len(base64.urlsafe_b64decode(seen["AIRFLOW__CORE__FERNET_KEY"])) == 32
    assert len(bytes.fromhex(seen["AIRFLOW__API_AUTH__JWT_SECRET"])) == 64
    assert not {"a secret", "twelve chars"} & set(seen.values())


def test_what_is_empty_is_not_given():
    given = {"AIRFLOW_VAR_OPINIONLENS_WEBHOOK_URL": "", "AIRFLOW_VAR_OPINIONLENS_TRAINING": "propose"}
    seen = airflow_server.environment_of_parts(
        ENVIRONMENT | given | {"AIRFLOW_CONN_DRIFT_DB": "", "DATABASE__URL": ""}, PASSWORDS
    )
    assert {name for name in seen if name.startswith(("AIRFLOW_VAR_", "AIRFLOW_CONN_"))} == {
        "AIRFLOW_VAR_OPINIONLENS_TRAINING"
    }
    assert seen["DATABASE__URL"] == ""


def test_password_is_in_a_file_for_its_owner(monkeypatch, tmp_path):
    monkeypatch.setattr(airflow_server.tempfile, "tempdir", str(tmp_path))
    path = airflow_server.write_passwords(ENVIRONMENT | {"AIRFLOW_ADMIN_USERNAME": "ann"})
    assert json.loads(path.read_text()) == {"ann": "twelve chars"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    seen = airflow_server.environment_of_parts(ENVIRONMENT | {"AIRFLOW_ADMIN_USERNAME": "ann"}, path)
    assert seen["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "ann:admin"
    assert seen["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] == str(path)


def test_logs_of_a_quarter_stay(tmp_path):
    day = 86_400
    for name, age in (("old/attempt=1.log", 91), ("both/attempt=1.log", 91), ("both/attempt=2.log", 89)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1e9 - age * day,) * 2)
    airflow_server.remove_old_logs(tmp_path, 1e9)
    airflow_server.remove_old_logs(tmp_path, 1e9)
    assert [path.name for path in tmp_path.rglob("*")] == ["both", "attempt=2.log"]
    assert airflow_server.remove_old_logs(tmp_path / "not there yet", 1e9) == 0


@pytest.fixture
def image(tmp_path):
    """A function that starts the script where `airflow` does as a file of the test says."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "airflow"
    program.write_text(
        f"#!{sys.executable}\nimport os, pathlib, runpy, sys\n"
        "words, here = sys.argv[1:], pathlib.Path(os.environ['AIRFLOW_HOME'])\n"
        "(here / f'started-{words[0]}').write_text(str(os.getpid()))\n"
        "runpy.run_path(os.environ['BEHAVIOUR'])\n"
    )
    program.chmod(0o755)
    (tmp_path / "params.yaml").touch()
    port = free_port()

    def start(behaviour):
        file = tmp_path / "behaviour.py"
        file.write_text(f"import socket, sys, time\nwords, port = sys.argv[1:], {port}\n{behaviour}")
        return subprocess.Popen(
            [sys.executable, ROOT / "docker" / "airflow_server.py"],
            cwd=tmp_path,
            env={
                **ENVIRONMENT,
                "AIRFLOW_HOME": str(tmp_path),
                "PATH": f"{bin_folder}:{os.environ['PATH']}",
                "TMPDIR": str(tmp_path),
                "BEHAVIOUR": str(file),
                "AIRFLOW__API__PORT": str(port),
            },
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


STAYS = """
if words[0] == 'api-server':
    time.sleep(1)
    listening = socket.create_server(('127.0.0.1', port))
if words[0] != 'db':
    time.sleep(300)
"""


def started(folder):
    """The parts with their process ids; a file that is only just made says nothing yet."""
    texts = {path.name.removeprefix("started-"): path.read_text() for path in folder.glob("started-*")}
    return {name: int(text) for name, text in texts.items() if text}


def are_gone(pids):
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_when_one_part_ends_all_end(image, tmp_path):
    process = image(f"if words[0] == 'scheduler': sys.exit(3)\n{STAYS}")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "scheduler has ended with status 3; all end." in said
    pids = started(tmp_path)
    assert set(pids) == {"db", "api-server", "scheduler", "dag-processor"}
    assert are_gone(pids.values())


def test_the_others_wait_for_the_server_that_they_call(image, tmp_path):
    process = image("if words[0] == 'api-server': time.sleep(4); sys.exit(5)")
    _, said = process.communicate(timeout=60)
    assert "api-server has ended with status 5; all end." in said
    assert set(started(tmp_path)) == {"db", "api-server"}


def test_sigterm_ends_all_in_good_order(image, tmp_path):
    process = image(STAYS)
    wait_until(lambda: len(started(tmp_path)) == 4, 60, "all parts have started")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert are_gone(started(tmp_path).values())


def test_tables_that_cannot_be_made_stop_it(image, tmp_path):
    process = image("sys.exit(7)")
    process.communicate(timeout=60)
    assert process.returncode == 7
    assert set(started(tmp_path)) == {"db"}


def test_a_part_that_does_not_listen_is_killed_with_what_it_started(monkeypatch):
    monkeypatch.setattr(airflow_server, "END_SECONDS", 1.0)
    deaf = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen(['sleep', '300']); print(child.pid, flush=True); time.sleep(300)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", deaf], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        child = int(process.stdout.readline())
        began = time.monotonic()
        airflow_server.end([process])
        assert time.monotonic() - began < 20
    wait_until(lambda: is_dead(child), 20, "what it started is dead")


def is_dead(pid):
    """Gone, or dead and not yet fetched by its new parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
