from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.classifiers.linear.linear_classifier import LinearClassifier
from opinionlens.classifiers.pyfunc import COLUMNS, PyfuncClassifier, _load_pyfunc, texts_of

TEXTS = ["great crew", "delayed again", ""]


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        np.array,
        pd.Series,
        lambda texts: pd.DataFrame({"text": texts}),
        lambda texts: pd.DataFrame({"id": [1, 2, 3], "text": texts}),
        lambda texts: pd.DataFrame({"review": texts}),
        lambda texts: pd.DataFrame({0: texts}),
        lambda texts: [{"text": text} for text in texts],
        lambda texts: {"text": texts},
        lambda texts: {"text": np.array(texts)},
        lambda texts: np.array(texts).reshape(-1, 1),
    ],
)
def test_every_form_that_clients_send_gives_the_same_texts(form: Callable[[list[str]], Any]) -> None:
    assert texts_of(form(TEXTS)) == TEXTS


def test_what_is_no_text_counts_as_empty() -> None:
    assert texts_of(pd.DataFrame({"text": ["a", None, float("nan"), 3]})) == ["a", "", "", ""]
    assert texts_of("one") == ["one"]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TableInvalid, match="`text`; there are id, body"):
        texts_of(pd.DataFrame({"id": [1], "body": ["a"]}))


def test_the_frame_holds_the_answers_under_the_index_of_the_input(
    artifact: Path, classifier: LinearClassifier
) -> None:
    frame = pd.DataFrame({"text": TEXTS}, index=[7, 3, 9])
    answers = _load_pyfunc(str(artifact)).predict(frame)
    assert tuple(answers.columns) == COLUMNS
    assert list(answers.index) == [7, 3, 9]
    for row, expected in zip(answers.itertuples(index=False), classifier.predict_many(TEXTS), strict=True):
        assert row.prediction == expected.label.value
        assert row.confidence == expected.confidence
        assert row.uncertain == expected.uncertain
        assert (row.p_negative, row.p_neutral, row.p_positive) == expected.probabilities


def test_no_texts_give_an_empty_frame(classifier: LinearClassifier) -> None:
    answers = PyfuncClassifier(classifier).predict(pd.DataFrame({"text": []}))
    assert answers.empty
    assert tuple(answers.columns) == COLUMNS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_mlflow_serves_it(artifact: Path, classifier: LinearClassifier, tmp_path: Path) -> None:
    """The application behind `mlflow models serve`, without its process."""
    import mlflow.pyfunc
    from fastapi.testclient import TestClient
    from mlflow.pyfunc.scoring_server import init

    mlflow.pyfunc.save_model(
        path=tmp_path / "model",
        loader_module="opinionlens.classifiers.pyfunc",
        data_path=str(artifact),
        pip_requirements=["numpy"],
    )
    assert not [path for path in (tmp_path / "model").rglob("*") if path.suffix in (".pkl", ".joblib")]
    server = TestClient(init(mlflow.pyfunc.load_model(str(tmp_path / "model"))))
    sent = {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}}
    answer = server.post(
        "/invocations", content=json.dumps(sent), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    expected = classifier.predict_many(TEXTS)
    assert [row["prediction"] for row in answer.json()["predictions"]] == [
        one.label.value for one in expected
    ]
    assert answer.json()["predictions"][0]["p_negative"] == pytest.approx(expected[0].probabilities[0])
