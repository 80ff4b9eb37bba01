"""The steps of the Airflow DAG, without Airflow."""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from sentiment_steps.faults import OptionError, StepError
from sentiment_steps.messages import (
    drift_message,
    facts_of,
    failure_message,
    outcome_message,
    training_request,
)
from sentiment_steps.options import connection_json, options_from
from sentiment_steps.programs import Programs, environment_for
from sentiment_steps.run_files import folder_of, make_folder
from sentiment_steps.steps import Steps, check_words

REPORT = {
    "status": "drift",
    "score": 2.5,
    "texts": 1200,
    "source": "prediction_log",
    "model": {"name": "m", "version": 3},
    "measures": [
        {"name": "label_shift", "has_drifted": True},
        {"name": "length_shift", "has_drifted": False},
    ],
    "served_examples": ["a text that somebody wrote"],
}


@pytest.fixture
def checkout(tmp_path):
    """A project with a program that does as its settings say."""
    folder = tmp_path / "checkout"
    program = folder / ".venv" / "bin" / "opinionlens"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\nprint(os.environ.get('SAYS', ''))\n"
        "print('called:', *sys.argv[1:], file=sys.stderr)\nsys.exit(int(os.environ.get('STATUS', 0)))\n"
    )
    program.chmod(0o755)
    return folder


@pytest.fixture
def make_steps(checkout, tmp_path):
    said = []

    def make(**variables):
        lookup = {f"opinionlens_{name}": value for name, value in variables.items()}.get
        options = options_from(lookup, checkout=checkout, home=tmp_path / "home")
        steps = Steps(options, "manual__2026-11-01T00:00:00+00:00", Programs(), said.append)
        return steps, said

    return make


def test_without_variables_the_checkout_is_the_project(checkout, tmp_path):
    options = options_from({}.get, checkout=checkout, home=tmp_path)
    assert options.project == checkout
    assert options.command == checkout / ".venv" / "bin" / "opinionlens"
    assert options.folder == tmp_path / "sentiment_pipeline"
    assert (options.since, options.sources, options.training, options.webhook_url) == ("", (), "local", "")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("project", "/nowhere/at/all", "Set the Variable opinionlens_project."),
        ("command", "/nowhere/opinionlens", "or set the Variable opinionlens_command."),
        ("drift_since", "yesterday", "opinionlens_drift_since is 30m, 24h or 7d."),
        ("drift_sources", "log,logs", "opinionlens_drift_sources has some of log, xcom, mlflow, table, disk"),
        ("training", "gitlab", "opinionlens_training is local, propose, http or github."),
        ("training", "github", "opinionlens_training_url is no address."),
        ("webhook_url", "file:///etc/passwd", "opinionlens_webhook_url is no address."),
        ("webhook_url", "https://:8080/", "opinionlens_webhook_url is no address."),
        ("webhook_url", "https://chat.example:99999/", "opinionlens_webhook_url is no address."),
    ],
)
def test_a_wrong_variable_is_named(checkout, tmp_path, name, value, says):
    with pytest.raises(OptionError) as caught:
        options_from({f"opinionlens_{name}": value}.get, checkout=checkout, home=tmp_path)
    assert says in str(caught.value)


def test_an_address_may_hold_a_secret_and_is_not_repeated(checkout, tmp_path):
    with pytest.raises(OptionError) as caught:
        options_from({"opinionlens_webhook_url": "ftp://x/secret"}.get, checkout=checkout, home=tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("status", "drifted"), [("0", False), ("3", True), ("4", False)])
def test_the_status_of_the_check_decides(make_steps, monkeypatch, status, drifted):
    steps, said = make_steps(drift_since="7d", model="brand@champion")
    monkeypatch.setenv("STATUS", status)
    folder = Path(_quiet(monkeypatch, steps.prepare))
    monkeypatch.setenv("SAYS", json.dumps(REPORT))
    report, facts = steps.check({})
    assert report == folder / "drift.json"
    assert json.loads(report.read_text()) == REPORT
    assert facts["drifted"] is drifted
    given = folder / "handed.json"
    assert given.read_text() == "{}"
    assert said[-1] == f"called: drift check --json --xcom {given} --since 7d --model brand@champion"


def _quiet(monkeypatch, call):
    with monkeypatch.context() as changed:
        changed.setenv("STATUS", "0")
        return call()


@pytest.mark.parametrize(
    ("sources", "handed", "words"),
    [
        ("", {}, []),
        ("disk, mlflow", {}, ["disk", "mlflow"]),
        ("", {"texts": 9}, ["xcom", "log", "mlflow", "table", "disk"]),
        ("log,xcom", {"texts": 9}, ["log", "xcom"]),
    ],
)
def test_what_a_run_was_given_goes_first_unless_the_order_is_set(make_steps, sources, handed, words):
    steps, _ = make_steps(drift_sources=sources)
    assert check_words(steps.options, handed) == [part for name in words for part in ("--from", name)]


def test_what_a_run_was_given_is_written_for_the_check(make_steps, monkeypatch):
    steps, _ = make_steps()
    monkeypatch.setenv("SAYS", json.dumps(REPORT))
    values = {"sentiment_dist": {"negative": 1.0}, "embeddings": None, "other": 5}
    report, _ = steps.check(values)
    assert json.loads((report.parent / "handed.json").read_text()) == {"sentiment_dist": {"negative": 1.0}}


def test_a_connection_reaches_the_check_and_nothing_else_does(make_steps, monkeypatch):
    steps, _ = make_steps()
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", "postgres://other")
    monkeypatch.setattr(
        steps.programs, "run", lambda *_, environment, **__: seen.append(environment) or 1 / 0
    )
    seen = []
    connection = SimpleNamespace(
        conn_type="postgres", host="db", login="me", password="p@", port=5, schema="s"
    )
    with pytest.raises(ZeroDivisionError):
        steps.check({}, connection_json(connection))
    given = json.loads(seen[0]["AIRFLOW_CONN_DRIFT_DB"])
    assert given == vars(connection)
    assert [name for name in seen[0] if name.startswith("AIRFLOW")] == ["AIRFLOW_CONN_DRIFT_DB"]


def test_arrays_that_are_too_large_for_xcom_are_refused(make_steps):
    steps, _ = make_steps()
    with pytest.raises(OptionError, match="Name a file as `window`"):
        steps.check({"embeddings": [[0.123456789] * 1_000] * 500})


@pytest.mark.parametrize(("status", "says"), [("1", "{}"), ("2", "{}"), ("3", "no JSON"), ("0", "[]")])
def test_a_check_without_a_result_is_no_decision(make_steps, monkeypatch, status, says):
    steps, _ = make_steps()
    steps.prepare()
    monkeypatch.setenv("STATUS", status)
    monkeypatch.setenv("SAYS", says)
    with pytest.raises(StepError):
        steps.check({})


def test_a_program_that_does_not_work_fails_the_first_step(make_steps, monkeypatch):
    steps, _ = make_steps()
    monkeypatch.setenv("STATUS", "1")
    with pytest.raises(StepError, match="does not work"):
        steps.prepare()


@pytest.mark.parametrize(
    ("status", "outcome", "says"),
    [
        ("0", "promoted", "Retraining: version 4 is the champion. It gained."),
        ("0", "proposed", "Retraining: version 4 is proposed; activate it on /admin. It gained."),
        ("3", "refused", "Retraining: the new version is not good enough; the champion stays. It gained."),
        (
            "4",
            "nothing_new",
            "too few new labels to learn from; label served texts on /admin/review. It gained.",
        ),
    ],
)
def test_how_a_retraining_ended_is_told(make_steps, monkeypatch, status, outcome, says):
    steps, said = make_steps(training="propose" if outcome == "proposed" else "local")
    monkeypatch.setenv("STATUS", status)
    result = {"outcome": outcome, "version": 4, "champion": 3, "reasons": ["It gained."], "details": {"a": 1}}
    monkeypatch.setenv("SAYS", json.dumps(result))
    found = steps.train({})
    assert found == {"outcome": outcome, "version": 4, "champion": 3, "reasons": ["It gained."]}
    assert outcome_message(found, "run")["text"].endswith(says)
    assert said[-1] == f"called: retrain --json{' --propose' if outcome == 'proposed' else ''}"


def test_a_retraining_without_a_result_is_a_failure(make_steps, monkeypatch):
    steps, _ = make_steps()
    monkeypatch.setenv("STATUS", "1")
    monkeypatch.setenv("SAYS", "{}")
    with pytest.raises(StepError, match="Retraining failed"):
        steps.train({})


def test_no_text_goes_into_messages():
    facts = facts_of(REPORT)
    assert facts["measures"] == ["label_shift"]
    for message in (drift_message(facts, "run"), training_request("http", facts, "run")):
        assert "somebody wrote" not in json.dumps(message)
    assert drift_message(facts, "run")["text"] == (
        "Drift: 1,200 texts differ from the training texts by label_shift (score 2.50; above 1 is drift)."
    )


def test_a_dispatch_has_the_form_that_github_takes():
    body = training_request("github", facts_of(REPORT), "run 1")
    assert body.keys() == {"event_type", "client_payload"}
    assert body["event_type"] == "opinionlens-retrain"
    assert body["client_payload"]["run_id"] == "run 1"


def test_a_failure_names_task_and_reason():
    body = failure_message(
        "train", "run 1", StepError("It failed.", remedy="Mend it." + "x" * 5_000), "http://log"
    )
    assert body["text"].startswith("sentiment_pipeline: the task train failed. It failed. Mend it.")
    assert len(body["text"]) < 1_100


def test_each_run_has_a_folder_of_its_own_and_old_ones_go(tmp_path):
    assert folder_of(tmp_path, "../../etc").parent == tmp_path
    assert folder_of(tmp_path, "a:b") != folder_of(tmp_path, "a-b")
    folders = [make_folder(tmp_path, f"run {number}") for number in range(33)]
    assert len(list(tmp_path.iterdir())) == 30
    assert folders[-1].is_dir()
    assert make_folder(tmp_path, "run 32") == folders[-1]


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path):
    child = f"import time, pathlib; time.sleep(4); pathlib.Path({str(tmp_path / 'late')!r}).touch()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    began = time.monotonic()
    ended = Programs().run(
        [sys.executable, "-c", parent], folder=tmp_path, environment={}, seconds=1, say=print
    )  # fmt: skip
    assert ended.status == -15
    assert time.monotonic() - began < 60
    time.sleep(max(0, began + 5 - time.monotonic()))
    assert not (tmp_path / "late").exists()


def test_a_finished_answer_replaces_the_old_one(tmp_path):
    answer = tmp_path / "answer.json"
    code = "import sys; print('{}'); [print(n, file=sys.stderr) for n in range(100)]"
    said = []
    ended = Programs().run(
        [sys.executable, "-c", code],
        folder=tmp_path,
        environment={},
        seconds=60,
        say=said.append,
        answer=answer,
    )
    assert (ended.status, answer.read_text()) == (0, "{}\n")
    assert len(said) == 100
    assert ended.tail.splitlines() == [str(number) for number in range(85, 100)]
    assert list(tmp_path.iterdir()) == [answer]


def test_the_project_sees_nothing_of_airflows_environment():
    present = {
        "PATH": "/usr/bin",
        "AIRFLOW_HOME": "/a", "AIRFLOW__CORE__FERNET_KEY": "k", "PYTHONPATH": "/b", "VIRTUAL_ENV": "/c",
        "AIRFLOW_VAR_OPINIONLENS_TRAINING_TOKEN": "t", "DATABASE__URL": "sqlite:///x.db",
    }  # fmt: skip
    seen = environment_for(Path("/p/.venv/bin/opinionlens"), present)
    assert seen["PATH"].split(":") == ["/p/.venv/bin", "/usr/bin"]
    assert seen["DATABASE__URL"] == "sqlite:///x.db"
    assert seen.keys() == {"PATH", "DATABASE__URL", "DVC_NO_ANALYTICS"}
