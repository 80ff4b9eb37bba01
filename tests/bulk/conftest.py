from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from opinionlens.bulk import BatchReport, predict_rows
from opinionlens.classifiers.prediction import Prediction
from opinionlens.text.labels import LABELS


class LengthClassifier:
    """Answers by the length of the text, so that a row that got another row's verdict is noticed."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        self.seen.append(len(texts))
        return [self.predict(text) for text in texts]

    def predict(self, text: str) -> Prediction:
        sure = 0.5 + 1 / (2 + len(text))
        rest = (1 - sure) / 2
        place = len(text) % 3
        return Prediction.of(LABELS, [sure if number == place else rest for number in range(3)], None)


@pytest.fixture
def classifier() -> LengthClassifier:
    return LengthClassifier()


@pytest.fixture
def score(tmp_path: Path, classifier: LengthClassifier) -> Callable[..., tuple[BatchReport, Path]]:
    """Write the content to a file of that name, score it, and return the report and the output."""

    def run(
        name: str,
        content: bytes | str,
        *,
        text_column: str = "text",
        out: str | None = None,
        spreadsheet_safe: bool = False,
    ) -> tuple[BatchReport, Path]:
        source, target = tmp_path / name, tmp_path / (out or f"out-{name}")
        if content is not None:
            source.write_bytes(content if isinstance(content, bytes) else content.encode())
        report = predict_rows(
            classifier,
            source,
            target,
            text_column=text_column,
            model_name="m",
            model_version="3",
            spreadsheet_safe=spreadsheet_safe,
        )
        return report, target

    return run
