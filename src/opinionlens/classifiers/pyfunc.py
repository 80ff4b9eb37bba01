"""MLflow's entry to classifiers.

`loader_module` names it, so that `mlflow models serve` and `spark_udf` work. MLflow imports this module where
the model is used; only there, and only on `predict`, is pandas needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opinionlens.base.errors import TableInvalid
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.prediction import Prediction
from opinionlens.text.labels import LABELS

TEXT_COLUMN = "text"


class PyfuncClassifier:
    """A classifier with the `predict` that MLflow calls."""

    def __init__(self, classifier: Classifier) -> None:
        """Wrap a classifier."""
        self.classifier = classifier

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Return a frame with one row per text.

        It has the index of the input.

        Args:
            model_input: a data frame with a column `text`, or with one column only; or texts; or records with
                `text`.
            params: part of MLflow's protocol; there are none.

        Raises:
            TableInvalid: there is no such column.
        """
        import pandas as pd  # type: ignore[import-untyped]

        index = model_input.index if isinstance(model_input, pd.DataFrame | pd.Series) else None
        answers = self.classifier.predict_many(texts_of(model_input))
        return pd.DataFrame([_row(answer) for answer in answers], index=index, columns=COLUMNS)


COLUMNS = (
    "prediction",
    "confidence",
    "uncertain",
    *(f"p_{label.lower()}" for label in LABELS),
)


def _load_pyfunc(data_path: str) -> PyfuncClassifier:
    """Return the classifier in the artifact's folder.

    The name and the argument are MLflow's.
    """
    return PyfuncClassifier(load_classifier(Path(data_path)))


def texts_of(model_input: Any) -> list[str]:  # noqa: ANN401 - whatever MLflow passes on
    """Return the texts of any input that MLflow passes.

    Its clients send several forms. A missing text is an empty one.
    """
    if hasattr(model_input, "columns"):
        model_input = _text_column(model_input)
    elif isinstance(model_input, str):
        model_input = [model_input]
    elif isinstance(model_input, Mapping):
        model_input = model_input.get(TEXT_COLUMN, ())
    values = model_input.tolist() if hasattr(model_input, "tolist") else model_input
    return [_text(value) for value in values]


def _text_column(frame: Any) -> Any:  # noqa: ANN401 - pandas is not imported here
    names = [str(name) for name in frame.columns]
    if TEXT_COLUMN in names:
        return frame.iloc[:, names.index(TEXT_COLUMN)]
    if len(names) == 1:
        return frame.iloc[:, 0]
    raise TableInvalid(
        f"There is no column `{TEXT_COLUMN}`; there are {', '.join(names) or 'none'}.",
        remedy=f"Name the column with the texts `{TEXT_COLUMN}`.",
    )


def _text(value: Any) -> str:  # noqa: ANN401 - a cell
    if isinstance(value, Mapping):
        value = value.get(TEXT_COLUMN)
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else ""


def _row(answer: Prediction) -> tuple[Any, ...]:
    return (answer.label.value, answer.confidence, answer.uncertain, *answer.probabilities)
