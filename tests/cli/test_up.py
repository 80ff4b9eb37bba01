"""`opinionlens up` for real: the app and MLflow answer side by side, and Ctrl-C leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from tests.support.ports import free_port
from tests.support.processes import command_of, descendants_of, is_alive
from tests.support.programs import Program, clean_environment, status_of
from tests.support.waiting import wait_until


@pytest.mark.slow
def test_both_answer_until_ctrl_c_and_nothing_is_left(tmp_path):
    port, mlflow_port = free_port(), free_port()
    command = [sys.executable, "-m", "opinionlens.cli.main", "up"]
    command += ["--port", str(port), "--mlflow-port", str(mlflow_port)]
    environment = clean_environment()
    program = Program(command, tmp_path, environment=environment, out=tmp_path / "up.log")
    program.start()
    try:
        # It says the addresses a moment after they answer: the words come last.
        wait_until(lambda: "Ctrl-C stops both" in program.log or not program.is_running, 150)
        assert program.is_running, program.log
        assert [status_of(at, "/health") for at in (port, mlflow_port)] == [200, 200]
        started = descendants_of(program.pid)
        assert len(started) >= 2
        for pid in started:
            if "mlflow server" in command_of(pid):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: "goes on" in program.log, 60)
        assert program.is_running
        assert status_of(port, "/health") == 200
        assert program.end(signal.SIGINT) == 0
    finally:
        program.kill()
    text = program.log
    assert f"http://localhost:{port}" in text
    assert f"http://localhost:{mlflow_port}" in text
    assert text.count("    password  ") == 1  # of the first user, from the app that runs below
    wait_until(lambda: not any(map(is_alive, started)), 10, "nothing is left running")


def test_taken_port_is_said_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = subprocess.run(
            [sys.executable, "-m", "opinionlens.cli.main", "up", "--port", str(port)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert process.returncode == 1
    assert f"port {port} cannot be used" in process.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_no_page_is_started_where_runs_go_to_a_server(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "opinionlens.cli.main", "up", "--port", str(port)]
    environment = clean_environment(MLFLOW_TRACKING_URI="http://ann:geheim@127.0.0.1:9")
    program = Program(command, tmp_path, environment=environment, out=tmp_path / "up.log")
    program.start()
    try:
        wait_until(lambda: "Ctrl-C stops" in program.log or not program.is_running, 90)
        assert status_of(port, "/health") == 200
        assert not any("mlflow server" in command_of(pid) for pid in descendants_of(program.pid))
        assert program.end(signal.SIGINT) == 0
    finally:
        program.kill()
    assert "127.0.0.1:9, which is not started here" in program.log
    assert "geheim" not in program.log
