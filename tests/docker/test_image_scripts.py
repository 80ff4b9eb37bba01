"""The scripts inside the images: health checks, MLflow's start, and training's folder."""

import configparser
import json
import sqlite3
import subprocess
import sys
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote, unquote

import pytest
from tests.support.image_scripts import script

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg://mlflow@postgres/mlflow",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "twelve chars",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key",
}


healthcheck, mlflow_server, mlflow_users, training = map(
    script, ("healthcheck", "mlflow_server", "mlflow_users", "training")
)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        status, _, said = self.path.strip("/").partition("/")
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(unquote(said).encode())

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (204, 0), (404, 1), (503, 1)])
def test_health_is_what_the_status_says(address, status, expected, capsys):
    assert healthcheck.main([f"{address}/{status}"]) == expected
    assert capsys.readouterr().out == f"{address}/{status}: {status}\n"


@pytest.mark.parametrize(
    ("said", "expected", "told"),
    [
        ({"scheduler": {"status": "healthy"}, "triggerer": {"status": None}}, 0, "200"),
        ({"scheduler": {"status": "unhealthy"}}, 1, "200 without scheduler"),
        ({"scheduler": None}, 1, "200 without scheduler"),
        ({}, 1, "200 without scheduler"),
        ([], 1, "200 without scheduler"),
    ],
)
def test_a_part_that_is_named_must_be_healthy(address, said, expected, told, capsys):
    asked = f"{address}/200/{quote(json.dumps(said))}"
    assert healthcheck.main([asked, "scheduler"]) == expected
    assert capsys.readouterr().out.endswith(f": {told}\n")


def test_a_page_is_no_statement_about_parts(address):
    assert healthcheck.main([f"{address}/200/well", "scheduler", "dag_processor"]) == 1


def test_silence_is_ill(capsys):
    assert healthcheck.main(["http://127.0.0.1:9/health"]) == 1
    assert "refused" in capsys.readouterr().err


def test_health_check_needs_nothing_that_is_installed(address):
    done = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "docker" / "healthcheck.py", f"{address}/200"],
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"MLFLOW_BACKEND_STORE_URI": ""}, "MLFLOW_BACKEND_STORE_URI is empty."),
        ({"MLFLOW_FLASK_SERVER_SECRET_KEY": ""}, "MLFLOW_FLASK_SERVER_SECRET_KEY is empty."),
        ({"MLFLOW_AUTH_ADMIN_PASSWORD": ""}, "MLFLOW_AUTH_ADMIN_PASSWORD is empty."),
        (
            {"MLFLOW_AUTH_ADMIN_PASSWORD": "eleven char"},
            "MLFLOW_AUTH_ADMIN_PASSWORD needs 12 characters or more.",
        ),
    ],
)
def test_server_says_what_it_lacks(changed, problem, capsys):
    assert mlflow_server.main(["serve"], ENVIRONMENT | changed) == 2
    assert capsys.readouterr().err.splitlines()[0] == problem


def test_server_does_not_start_without_a_word(capsys):
    assert mlflow_server.main([], ENVIRONMENT) == 2
    assert capsys.readouterr().err == "serve or migrate?\n"


def test_command_of_the_server():
    line = mlflow_server.command(
        ENVIRONMENT | {"MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow.localhost,mlflow:5000"}
    )
    options = dict(zip(line[2::2], line[3::2], strict=True))
    assert line[:2] == ["mlflow", "server"]
    assert options["--workers"] == "1"
    assert options["--app-name"] == "basic-auth"
    assert options["--artifacts-destination"] == "/var/lib/mlflow/artifacts"
    assert options["--allowed-hosts"] == "mlflow.localhost,mlflow:5000"
    assert "--cors-allowed-origins" not in options
    s3 = mlflow_server.command(ENVIRONMENT | {"MLFLOW_ARTIFACTS_DESTINATION": "s3://bucket/models"})
    assert s3[s3.index("--artifacts-destination") + 1] == "s3://bucket/models"


def test_password_of_the_database_is_on_no_command_line():
    assert "twelve chars" not in " ".join(mlflow_server.command(ENVIRONMENT | {"PGPASSWORD": "secret"}))


def test_login_settings_are_read_as_they_were_meant():
    store = "postgresql+psycopg://mlflow:a%40b@postgres/mlflow"
    read = configparser.ConfigParser()
    read.read_string(mlflow_server.login_settings(store))
    assert read["mlflow"]["database_uri"] == store
    assert read["mlflow"]["default_permission"] == "READ"
    assert "admin_password" not in read["mlflow"]


def test_new_database_is_left_to_the_server(tmp_path, capsys):
    assert mlflow_server.migrate(f"sqlite:///{tmp_path / 'new.db'}") == 0
    assert "the server will make them" in capsys.readouterr().out


def test_old_tables_are_upgraded(tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.close()
    called = []
    monkeypatch.setattr(
        mlflow_server.subprocess, "run",
        lambda command, **_: called.append(command) or subprocess.CompletedProcess(command, 3),
    )  # fmt: skip
    store = f"sqlite:///{tmp_path / 'old.db'}"
    assert mlflow_server.migrate(store) == 3
    assert called == [["mlflow", "db", "upgrade", store]]


USERS = {
    "MLFLOW_APP_USERNAME": "app",
    "MLFLOW_APP_PASSWORD": "the app's own",
    "MLFLOW_AUTH_ADMIN_USERNAME": "opinionlens",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "twelve chars",
}


class Users(BaseHTTPRequestHandler):
    """MLflow's addresses for users: `make test-stack` asks the real ones."""

    known: dict[str, str]

    def do_POST(self):
        user = self._user()
        if self._is_refused(user):
            return
        if user["username"] in self.known:
            self._answer(400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "User exists."})
            return
        self.known[user["username"]] = user["password"]
        self._answer(200, {"user": {"username": user["username"]}})

    def do_PATCH(self):
        user = self._user()
        if not self._is_refused(user):
            self.known[user["username"]] = user["password"]
            self._answer(200, {})

    def _user(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _is_refused(self, user):
        login = b64encode(b"opinionlens:twelve chars").decode()
        if self.headers["Authorization"] != f"Basic {login}":
            self._answer(401, "You are not authenticated.")
            return True
        if len(user["password"]) < 12:
            self._answer(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "Too short."})
            return True
        return False

    def _answer(self, status, content):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *words):
        pass


@pytest.fixture
def users():
    """The server's address, and the users that it knows."""
    handler = type("TheseUsers", (Users,), {"known": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler.known
    server.shutdown()
    server.server_close()


def test_user_of_the_app_is_made_and_later_follows_the_settings(users, capsys):
    address, known = users
    assert mlflow_users.main([address], USERS) == 0
    assert known == {"app": "the app's own"}
    assert mlflow_users.main([address], USERS | {"MLFLOW_APP_PASSWORD": "another of twelve"}) == 0
    assert known == {"app": "another of twelve"}
    assert capsys.readouterr().out.splitlines() == [
        "made the user app",
        "the user app exists and has the password of the settings",
    ]


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"MLFLOW_APP_PASSWORD": ""}, 2, "MLFLOW_APP_PASSWORD is empty."),
        ({"MLFLOW_APP_USERNAME": "opinionlens"}, 2, "MLFLOW_APP_USERNAME is the administrator's"),
        ({"MLFLOW_AUTH_ADMIN_PASSWORD": "a stale one, once right"}, 1, "refuses the administrator's login"),
        ({"MLFLOW_APP_PASSWORD": "short"}, 1, "MLflow says 400: Too short."),
    ],
)
def test_user_that_cannot_be_made_is_told(users, changed, status, said, capsys):
    address, known = users
    assert mlflow_users.main([address], USERS | changed) == status
    assert said in capsys.readouterr().err
    assert known == {}


def test_user_cannot_be_made_where_nothing_answers(capsys):
    assert mlflow_users.main(["http://127.0.0.1:9"], USERS) == 1
    assert "refused" in capsys.readouterr().err


@pytest.fixture
def image(tmp_path):
    """What the training image brings."""
    project = tmp_path / "image"
    (project / "src").mkdir(parents=True)
    (project / ".dvc").mkdir()
    (project / "src" / "new.py").write_text("new")
    (project / ".dvc" / "config").write_text("[core]\n")
    for name in ("dvc.yaml", "dvc.lock", "params.yaml"):
        (project / name).write_text(f"{name} of the image")
    return project


def test_first_run_finds_a_whole_project(image, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    training.prepare(image, folder)
    assert (folder / "dvc.lock").read_text() == "dvc.lock of the image"
    assert (folder / "src" / "new.py").read_text() == "new"
    assert "no_scm = true" in (folder / ".dvc" / "config.local").read_text()


def test_later_run_keeps_what_was_computed_and_takes_new_code(image, tmp_path):
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "removed.py").write_text("old")
    (folder / ".dvc" / "cache").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "dvc.lock").write_text("of this folder")
    training.prepare(image, folder)
    assert (folder / "dvc.lock").read_text() == "of this folder"
    assert (folder / "params.yaml").read_text() == "params.yaml of the image"
    assert [path.name for path in (folder / "src").iterdir()] == ["new.py"]
    assert (folder / ".dvc" / "cache").is_dir()
    assert (folder / "data").is_dir()


def test_training_is_the_pipeline_and_the_promotion():
    assert training.commands([]) == [["dvc", "repro", "tune_sklearn"], ["opinionlens", "promote"]]
    assert training.commands(["dvc", "status"]) == [["dvc", "status"]]


def test_what_fails_ends_it(image, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "PROJECT", image)
    monkeypatch.setattr(
        training, "PIPELINE", ((sys.executable, "-c", "raise SystemExit(4)"), ("touch", "after"))
    )
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert training.main([]) == 4
    assert not Path("after").exists()


class TestWithSecrets:
    """`with_secrets.sh`, which gives a program variables where secrets stand in files."""

    @staticmethod
    def seen(tmp_path, **environment):
        """Return status, what `env` shows as the program, and what was complained of."""
        done = subprocess.run(
            ["/bin/sh", ROOT / "docker" / "with_secrets.sh", "env"],
            env={"PATH": "/usr/bin:/bin", "SECRETS_FOLDER": str(tmp_path), **environment},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        lines = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
        return done.returncode, lines, done.stderr

    def test_a_file_becomes_a_variable(self, tmp_path):
        (tmp_path / "password").write_text("two words, $HOME and 'quotes'\n")
        status, seen, _ = self.seen(tmp_path, PGPASSWORD="", PGPASSWORD_FILE=f"{tmp_path}/password")
        assert status == 0
        assert seen["PGPASSWORD"] == "two words, $HOME and 'quotes'"
        assert "PGPASSWORD_FILE" not in seen

    def test_a_value_stays_and_files_elsewhere_are_no_secrets(self, tmp_path):
        given = {"A": "mine", "A_FILE": f"{tmp_path}/none", "SSL_CERT_FILE": "/etc/ssl/cert.pem"}
        status, seen, _ = self.seen(tmp_path, **given)
        assert (status, seen["A"], seen["SSL_CERT_FILE"]) == (0, "mine", "/etc/ssl/cert.pem")
        assert "SSL_CERT" not in seen

    def test_a_file_that_is_missing_stops_it(self, tmp_path):
        status, seen, said = self.seen(tmp_path, A_FILE=f"{tmp_path}/none")
        assert (status, seen) == (2, {})
        assert f"A_FILE: {tmp_path}/none cannot be read." in said
