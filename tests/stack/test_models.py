"""From no model at all to one that was trained on the host, and the alerts on the way."""

import time

from tests.stack.asking import Door
from tests.stack.host_training import SIGNS
from tests.support.waiting import wait_until


def predicts(app):
    answer = app.ask("POST", "/api/v1/inference/predict", {"text": "a wonderful day"})
    return answer.status == 200 and answer.body["model"]["version"] == 1


def test_only_the_word_list_answers_at_first(stack, app):
    answer = app.ask("POST", "/api/v1/inference/predict", {"text": "a wonderful day"})
    assert (answer.status, answer.body["prediction"]) == (200, "POSITIVE")
    assert stack.notifications.fired("OnlyWordListAnswers", 0) > 0


def test_without_the_word_list_no_model_answers(stack, app, tables):
    stack.change_setting("API__FALLBACK", "none")
    began = time.time()
    stack.compose.run("up", "--detach", "--no-build", "--no-deps", "opinionlens")
    after = stack.notifications.fired("NoModelAnswers", began)
    assert app.ask("POST", "/api/v1/inference/predict", {"text": "a wonderful day"}).status == 503
    tables.add(
        "faults", "app without a model or word list", "503", "NoModelAnswers", f"{after:.0f} s", "see below"
    )
    after = stack.notifications.resolved("OnlyWordListAnswers", 0, began)
    tables.add(
        "faults",
        "app with the word list alone",
        "200",
        "OnlyWordListAnswers",
        "at the start",
        f"{after:.0f} s",
    )
    stack.change_setting("API__FALLBACK", "lexicon")


def test_host_promotes_and_the_app_fetches_and_activates(stack, app, host, tables):
    digest = host.train(share=0.5)
    assert "opinionlens version 1 is the champion." in host.promote()
    began = time.time()
    order = {"model_name": "opinionlens", "model_version": 1, "set_default": True}
    fetched = app.ask("POST", "/api/v1/models/?wait=true", order, seconds=150)
    assert fetched.status == 201, fetched.body
    # Every worker follows within 2 s.
    wait_until(lambda: all(predicts(app) for _ in range(10)), 10, "both workers predict")
    for word, label in SIGNS.items():
        answer = app.ask("POST", "/api/v1/inference/predict", {"text": f"no list knows {word}"})
        assert (answer.status, answer.body["prediction"]) == (200, label)
    after = stack.notifications.resolved("NoModelAnswers", 0, began)
    tables.add("faults", "first model activated", "200 again", "NoModelAnswers", "", f"{after:.0f} s")
    # A second version is registered and waits for its turn.
    assert host.train() != digest
    assert "opinionlens version 2 is the champion." in host.promote()
    order |= {"model_version": 2, "set_default": False}
    assert app.ask("POST", "/api/v1/models/?wait=true", order, seconds=150).status == 201


def test_the_app_has_a_user_of_its_own_that_changes_nothing(stack):
    """Its login reads models and their files; MLflow refuses it all that changes what others made."""
    mlflow = Door(stack.project.ports["MLFLOW_PORT"])
    login = (stack.project.build[f"MLFLOW_APP_{part}"] for part in ("USERNAME", "PASSWORD"))
    user = mlflow.with_login(*login)
    models = "/api/2.0/mlflow/registered-models"
    assert user.ask("GET", f"{models}/get?name=opinionlens").status == 200
    assert mlflow.ask("GET", f"{models}/get?name=opinionlens").status == 401
    alias = {"name": "opinionlens", "alias": "champion", "version": "1"}
    assert user.ask("POST", f"{models}/alias", alias).status == 403
    assert user.ask("DELETE", f"{models}/delete", {"name": "opinionlens"}).status == 403
    other = {"username": "mallory", "password": "twelve characters"}
    assert user.ask("POST", "/api/2.0/mlflow/users/create", other).status == 403
