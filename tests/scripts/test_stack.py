"""`make stack`: settings with secrets made up, waiting with an end, addresses that are asked first."""

import io
import json
import re
import stat
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from scripts.stack import __main__ as program
from scripts.stack.addresses import AIRFLOW, FULL, SMALL, is_taken, logins, status_of
from scripts.stack.compose_calls import StackError
from scripts.stack.containers import Container, State, all_settled, containers_in, is_old, news
from scripts.stack.env_files import EnvFiles, empty_secrets, ensure, filled, new_secret, values_of, write_new

ROOT = Path(__file__).parents[2]
# Stands for Docker Compose: says what its arguments and a file tell it to, and remembers how it was called.
FAKE_COMPOSE = """
import json, pathlib, sys
words = sys.argv[1:]
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(" ".join(words) + "\\n")
said = json.loads((here / "said.json").read_text())
for name, (status, text) in said.items():
    if name in words:
        print(text, file=sys.stderr if status else sys.stdout)
        sys.exit(status)
"""


def numbered():
    count = iter(range(1, 100))
    return lambda: f"secret{next(count)}"


@pytest.fixture
def project(tmp_path):
    for name in ("env", "env.stage", "env.build"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


def test_missing_files_are_made_with_different_secrets_and_only_for_their_owner(project):
    files = ensure(project)
    assert [path.name for path in files.made] == [".env", ".env.stage", ".env.build"]
    build, stage = files.values[".env.build"], files.values[".env.stage"]
    made = [build[name] for name in build if re.search(r"PASS(WORD)?$|SECRET_KEY$", name) and build[name]]
    assert len(made) == len(set(made)) == 11
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{30}[A-Za-z0-9]", one) for one in made)
    assert len(stage["SECURITY__ADMIN_PASSWORD"]) == 32
    assert stage["MLFLOW__REMOTE_PASSWORD"] == build["MLFLOW_AUTH_ADMIN_PASSWORD"]
    assert stage["SECURITY__ADMIN_KEY"] == build["MLFLOW_S3_SECRET_ACCESS_KEY"] == ""
    assert (project / ".env").read_text() == (project / "env").read_text()
    for path in files.made:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_that_exist_are_never_changed(project):
    (project / ".env.build").write_text("MLFLOW_AUTH_ADMIN_PASSWORD=mine, of long ago\n")
    (project / ".env").write_text("ENV=local\n")
    files = ensure(project, numbered())
    assert [path.name for path in files.made] == [".env.stage"]
    assert (project / ".env.build").read_text() == "MLFLOW_AUTH_ADMIN_PASSWORD=mine, of long ago\n"
    assert files.values[".env.stage"]["MLFLOW__REMOTE_PASSWORD"] == "mine, of long ago"
    before = {path: path.read_text() for path in project.iterdir()}
    assert ensure(project, numbered()).made == ()
    assert {path: path.read_text() for path in project.iterdir()} == before


def test_a_file_that_comes_into_being_meanwhile_stays(tmp_path):
    (tmp_path / ".env").write_text("theirs")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / ".env", "ours")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["theirs"]


def test_only_empty_values_are_filled_in():
    template = "# A=\nA=\nB=kept\nC=\n"
    assert filled(template, {"A": "1", "B": "2"}) == "# A=\nA=1\nB=kept\nC=\n"


def test_values_are_read_as_compose_reads_them():
    text = "A=1\n# B=2\nC='x y' # note\nD=\"z\"\nE=a#b # note\nexport F=6\nG=\n"
    assert values_of(text) == {"A": "1", "C": "x y", "D": "z", "E": "a#b", "F": "6", "G": ""}


def test_empty_secrets_are_named(project):
    values = ensure(project).values[".env.build"]
    assert empty_secrets(values) == []
    assert empty_secrets(values | {"DATA_SOURCE_PASS": ""}) == ["DATA_SOURCE_PASS"]
    template = values_of((ROOT / "env.build").read_text())
    assert len(empty_secrets(template)) == 9
    assert set(empty_secrets(template, airflow=True)) - set(empty_secrets(template)) == {
        "AIRFLOW_ADMIN_PASSWORD",
        "AIRFLOW_SECRET_KEY",
    }


def test_environment_wins_over_env_and_that_over_env_build():
    files = EnvFiles(
        (), {".env": {"A": "2", "B": "2"}, ".env.stage": {}, ".env.build": {"B": "3", "C": "3", "D": ""}}
    )
    got = [files.setting(name, "default", {"A": "1"}) for name in "ABCD"]
    assert got == ["1", "2", "3", "default"]


def row(service, state, health="", code=0):
    return {"Service": service, "State": state, "Health": health, "ExitCode": code, "Status": "Up 3 seconds"}


@pytest.mark.parametrize(
    ("state", "health", "code", "expected"),
    [
        ("created", "", 0, State.STARTING),
        ("running", "starting", 0, State.STARTING),
        ("running", "healthy", 0, State.WELL),
        ("running", "", 0, State.RUNNING),
        ("running", "unhealthy", 0, State.FAILED),
        ("restarting", "", 1, State.STARTING),
        ("exited", "", 0, State.DONE),
        ("exited", "", 2, State.FAILED),
        ("dead", "", 0, State.FAILED),
    ],
)
def test_state_of_a_container(state, health, code, expected):
    line = json.dumps(row("app", state, health, code))
    assert (
        containers_in(f"{line}\n")
        == containers_in(f"[{line}]")
        == [Container("app", expected, "Up 3 seconds")]
    )


def test_each_change_is_told_once():
    well, starting = Container("a", State.WELL, ""), Container("b", State.STARTING, "")
    assert news({}, [well, starting]) == [well]
    assert news({"a": State.WELL}, [well, starting]) == []


def test_all_have_to_be_there():
    done, well = Container("migrate", State.DONE, ""), Container("app", State.WELL, "")
    assert all_settled(["app", "migrate"], [done, well])
    assert not all_settled(["app", "migrate", "mlflow"], [done, well])
    assert not all_settled(["app"], [Container("app", State.STARTING, "")])


@pytest.mark.parametrize(
    ("version", "old"),
    [("2.23.3", True), ("v2.24.0", False), ("2.40.3", False), ("5.0.0-rc1", False), ("dev", False)],
)
def test_compose_may_be_too_old(version, old):
    assert is_old(version) is old


def test_secret_begins_and_ends_with_a_letter_or_digit():
    assert all(made[0].isalnum() and made[-1].isalnum() for made in (new_secret() for _ in range(300)))


def test_doors_have_the_ports_and_logins_of_the_template():
    template = values_of((ROOT / "env.build").read_text())
    assert {door.port_setting: door.port_default for door in AIRFLOW}.items() <= template.items()
    files = EnvFiles((), {".env": {}, ".env.stage": {}, ".env.build": template})
    who = logins(files, {"SECURITY__ADMIN_USERNAME": "ann"})
    assert {door.login for door in (*AIRFLOW, *SMALL)} == set(who)
    assert set(AIRFLOW) - set(FULL) == {AIRFLOW[-1]}
    assert who["app"].startswith("ann, SECURITY__ADMIN_PASSWORD")


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.headers["Host"] == "app.localhost" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass


def test_addresses_are_asked_by_name_and_what_is_silent_is_told():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    port = server.server_port
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert is_taken(port)
        assert (status_of(port, "/", "app.localhost"), status_of(port, "/")) == (200, 404)
    finally:
        server.shutdown()
        server.server_close()
    assert not is_taken(port)
    assert "refused" in status_of(port, "/")


@pytest.fixture
def stack(project):
    """A function that runs the program in a copy of the project, with something in Compose's place."""
    (project / "scripts").mkdir()
    (project / "scripts" / "stack").symlink_to(ROOT / "scripts" / "stack")
    (project / "compose.py").write_text(FAKE_COMPOSE)

    def run(*words, **said):
        (project / "said.json").write_text(json.dumps(said))
        environment = {"PATH": "/usr/bin:/bin", "COMPOSE": f"{sys.executable} {project / 'compose.py'}"}
        return subprocess.run(
            [sys.executable, "-c", f"import sys, pathlib, runpy\n"
             f"sys.path.insert(0, {str(ROOT)!r})\n"
             f"import scripts.stack.compose_calls as calls\ncalls.ROOT = pathlib.Path({str(project)!r})\n"
             f"sys.argv[1:] = {list(words)!r}\nrunpy.run_module('scripts.stack', run_name='__main__')"],
            cwd=project, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    (project / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    return run


def test_says_that_docker_does_not_answer(stack):
    done = stack("up", version=[0, "2.40.3"], ls=[1, "Cannot connect to the Docker daemon"])
    assert done.returncode == 1
    assert "Docker does not answer: Cannot connect to the Docker daemon\nInstall it" in done.stderr


def test_says_that_compose_is_too_old(stack):
    done = stack("up", version=[0, "2.20.0"])
    assert done.returncode == 1
    assert "Docker Compose 2.20.0 is too old; 2.24 or later is needed." in done.stderr


def test_says_which_secret_is_empty_and_asks_nothing_else(stack, project):
    text = (project / "env.build").read_text()
    (project / ".env.build").write_text(
        re.sub(r"^(\w*PASS\w*)=$", r"\1=abcdefghijklmnop", text, flags=re.MULTILINE)
    )
    done = stack("up")
    assert done.returncode == 1
    assert "Empty in .env.build: MLFLOW_FLASK_SERVER_SECRET_KEY." in done.stderr
    assert not (project / "calls").exists()


def test_airflow_asks_for_secrets_that_nothing_else_needs(stack, project):
    text = (project / "env.build").read_text()
    for name in ("AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_SECRET_KEY"):
        text = text.replace(f"{name}=\n", "")
    (project / ".env.build").write_text(filled(text, dict.fromkeys(values_of(text), "abcdefghijklmnop")))
    done = stack("up", "--airflow")
    assert done.returncode == 1
    assert "Empty in .env.build: AIRFLOW_ADMIN_PASSWORD, AIRFLOW_SECRET_KEY." in done.stderr
    assert "Docker does not answer" in stack("up", version=[0, "2.40.3"], ls=[1, "no"]).stderr


def test_airflow_comes_up_beside_the_rest(stack, project):
    stack(
        *("up", "--airflow"), version=[0, "2.40.3"], ls=[0, ""], config=[0, "opinionlens airflow"],
        ps=[0, json.dumps(row("airflow", "exited", code=2))], logs=[0, ""],
        up=[0, ""], pull=[0, ""], build=[0, ""],
    )  # fmt: skip
    calls = (project / "calls").read_text().splitlines()
    assert "--file compose.local.yaml --profile airflow config --services" in calls
    assert "--file compose.local.yaml build --quiet opinionlens airflow" in calls


def test_ends_with_the_log_of_what_failed(stack):
    container = json.dumps(row("migrate", "exited", code=1))
    done = stack(
        "up", version=[0, "2.40.3"], ls=[0, ""], services=[0, "migrate"], ps=[0, container],
        logs=[0, "migrate-1 | error: no such host"], up=[0, ""], pull=[0, ""], build=[0, ""],
    )  # fmt: skip
    assert done.returncode == 1
    assert "migrate-1 | error: no such host" in done.stderr


class TooEarly:
    """Compose that lists a container before it can be looked at, as it does now and then."""

    def __init__(self):
        self.asked = 0

    def ask(self, *words):
        self.asked += 1
        if self.asked == 1:
            raise StackError("Error response from daemon: No such container: c5adb025421f")
        return json.dumps(row("app", "running", "healthy"))


def test_question_that_came_too_early_is_asked_again(monkeypatch, capsys):
    monkeypatch.setattr(program, "POLL_SECONDS", 0.05)
    compose = TooEarly()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], text=True) as up:
        program.wait_for(compose, ["app"], up, io.StringIO())
    assert compose.asked > 1
    assert "healthy" in capsys.readouterr().out


class Replacing:
    """Compose that lists a container, then the one that takes its place."""

    def __init__(self):
        self.lists = iter(("healthy", "starting", "healthy"))

    def ask(self, *words):
        return json.dumps(row("app", "running", next(self.lists, "healthy")))


def test_a_replaced_container_is_told_of_when_the_new_one_is_healthy(monkeypatch, capsys):
    monkeypatch.setattr(program, "POLL_SECONDS", 0.05)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], text=True) as up:
        program.wait_for(Replacing(), ["app"], up, io.StringIO())
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[2:] for line in told] == [["app", "healthy"], ["app", "healthy"]]


def test_question_that_fails_when_compose_has_ended_is_a_failure():
    with subprocess.Popen([sys.executable, "-c", ""], text=True) as up:
        up.wait(10)
        with pytest.raises(StackError, match="No such container"):
            program.wait_for(TooEarly(), ["app"], up, io.StringIO())


def test_down_keeps_the_volumes(stack, project):
    done = stack("down")
    assert done.returncode == 0
    assert (project / "calls").read_text() == "--file compose.local.yaml --profile * down --remove-orphans\n"
