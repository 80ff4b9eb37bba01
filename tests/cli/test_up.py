"""`opinionlens up` for real: the app and MLflow answer side by side, and Ctrl-C leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def processes_below(session: int) -> set[int]:
    """Every live process whose ancestor is `session`, by the parent ids in /proc."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    frontier = {session}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return found


def answers(port: int, path: str = "/health") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.slow
def test_both_answer_until_ctrl_c_and_nothing_is_left(tmp_path):
    port, mlflow_port = free_port(), free_port()
    command = [sys.executable, "-m", "opinionlens.cli.main", "up"]
    environment = os.environ | {
        "API__STATIC_PATH": str(ROOT / "static"),
        "API__TEMPLATES_PATH": str(ROOT / "templates"),
    }
    log = tmp_path / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--mlflow-port", str(mlflow_port)],
            cwd=tmp_path,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 150
        # It says the addresses a moment after they answer: wait for the words, which come last.
        while not (answers(port) and answers(mlflow_port) and "Ctrl-C stops both" in log.read_text()):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.3)
        started = processes_below(process.pid)
        assert len(started) >= 2
        for pid in started:
            if b"mlflow\0server" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        while "goes on" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert process.poll() is None
        assert answers(port)
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
    finally:
        process.kill()
        process.wait()
    text = log.read_text()
    assert f"http://localhost:{port}" in text
    assert f"http://localhost:{mlflow_port}" in text
    assert text.count("    password  ") == 1  # of the first user, from the app that runs below
    deadline = time.monotonic() + 10
    while alive := {pid for pid in started if Path(f"/proc/{pid}").exists()}:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.1)


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
