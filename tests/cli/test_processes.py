"""Child processes end with us, whatever they have started themselves."""

import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.support.processes import is_alive
from tests.support.waiting import wait_until

from opinionlens.base.errors import SettingsInvalid, StageFailed
from opinionlens.cli.processes import child_process, refuse_taken_port, wait_until_answers

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def url():
    """A server that answers 200, and 503 below /busy."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503 if self.path.startswith("/busy") else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_child_is_gone_after_the_block():
    with child_process(SLEEP) as process:
        assert is_alive(process.pid)
    assert process.poll() == -signal.SIGTERM


def test_grandchildren_are_gone_too(tmp_path):
    pid_file = tmp_path / "pid"
    code = f"import subprocess, pathlib, time; p = subprocess.Popen({SLEEP!r}); "
    code += f"pathlib.Path({str(pid_file)!r}).write_text(str(p.pid)); time.sleep(60)"
    with child_process([sys.executable, "-c", code]):
        wait_until(lambda: pid_file.exists() and pid_file.read_text())
        grandchild = int(pid_file.read_text())
        assert is_alive(grandchild)
    wait_until(lambda: not is_alive(grandchild), 5)


def test_child_is_stopped_when_the_block_fails(tmp_path):
    with pytest.raises(RuntimeError), child_process(SLEEP, log=tmp_path / "logs" / "child.log") as process:
        raise RuntimeError
    assert process.poll() is not None


def test_output_goes_to_the_log(tmp_path):
    log = tmp_path / "logs" / "child.log"
    with child_process([sys.executable, "-c", "print('hello')"], log=log) as process:
        process.wait(20)
    assert log.read_text() == "hello\n"


def test_waiting_ends_when_the_address_answers(url):
    with child_process(SLEEP) as process:
        wait_until_answers(url, process, seconds=10, name="it", stop=threading.Event())


def test_waiting_says_when_the_process_died():
    with child_process([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        process.wait(20)
        with pytest.raises(StageFailed, match="it ended with status 3"):
            wait_until_answers("http://127.0.0.1:9", process, seconds=10, name="it", stop=threading.Event())


def test_waiting_says_when_the_time_is_over(url):
    with child_process(SLEEP) as process, pytest.raises(StageFailed, match="did not answer within 0 s"):
        wait_until_answers(f"{url}/busy", process, seconds=0.3, name="it", stop=threading.Event())


def test_waiting_ends_when_someone_wants_us_to_stop():
    stop = threading.Event()
    stop.set()
    with child_process(SLEEP) as process:
        wait_until_answers("http://127.0.0.1:9", process, seconds=60, name="it", stop=stop)


def test_taken_port_is_refused_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsInvalid, match=rf"port {port} cannot be used.*--port"):
            refuse_taken_port("127.0.0.1", port, "--port")
    refuse_taken_port("127.0.0.1", port, "--port")


def test_command_line_shows_one_message_for_a_user_error(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "opinionlens.cli.main", "explain", "text", "--model", "nothing"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert process.returncode == 1
    assert process.stderr.startswith("error: 'nothing' is neither a folder nor NAME@VERSION.")
    assert "Traceback" not in process.stderr
