"""Drift reports as the checks store them, and the texts that they were about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from opinionlens.storage import Database, drift_reports, predictions
from opinionlens.storage.drift_reports import DriftReport
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.text.labels import Label

_THRESHOLDS = {
    "label_shift": 0.09,
    "confidence_shift": 0.11,
    "length_shift": 0.1,
    "unknown_terms": 0.04,
    "embedding_drift": 0.02,
    "embedding_mmd": 0.08,
    "term_shift": 6.1,
}
WORDS = [
    {"word": "#strike", "before": 0.0, "now": 0.34},
    {"word": "pilots", "before": 0.004, "now": 0.19},
    {"word": "great_NEG", "before": 0.02, "now": 0.11},
    {"word": "<wrong encoding>", "before": 0.0001, "now": 0.06},
    {"word": "bag", "before": 0.12, "now": 0.03},
]


QUALITY: dict[str, Any] = {
    "texts": 5_000,
    "estimated": {
        "accuracy": {"value": 0.712, "low": 0.701, "high": 0.723},
        "macro_f1": {"value": 0.664, "low": 0.651, "high": 0.677},
    },
    "validation": {"accuracy": 0.765, "macro_f1": 0.747},
    "feedback": {
        "answers": 84,
        "sources": {"page": 80, "review": 4},
        "covered": 0.93,
        "accuracy": {"value": 0.58, "low": 0.44, "high": 0.71},
        "macro_f1": 0.52,
    },
}


def body_at(distance: float, *, texts: int = 5_000, **changed: Any) -> dict[str, Any]:
    """Return a report's body whose measures stand at `distance` of their thresholds."""
    drifted = distance > 1
    measures = [
        {
            "name": name,
            "title": name,
            "value": threshold * distance * (1 if name != "length_shift" else 0.7),
            "threshold": threshold,
            "has_drifted": drifted,
            "why_not": None,
        }
        for name, threshold in _THRESHOLDS.items()
    ]
    missing = {"name": "domain_classifier", "title": "Served or training text?", "value": None}
    missing |= {"threshold": None, "has_drifted": False, "why_not": "Needs the training texts."}
    body = {
        "format": 1,
        "source": "prediction_log",
        "status": "drift" if drifted else "no_drift",
        "texts": texts,
        "texts_with_words": texts,
        "false_alarm_rate": 0.01,
        "score": distance,
        "combined_drift": 0.1,
        "measures": [*measures, missing],
        "moved_words": WORDS if drifted else [],
        "served_words": [],
        "training_words": [],
        "notes": [],
        "quality": QUALITY,
    }
    return body | changed


def add_report(
    database: Database,
    distance: float,
    *,
    age: timedelta = timedelta(hours=1),
    name: str = "opinionlens",
    version: int | None = 7,
    **body: Any,
) -> DriftReport:
    """Store the report of a check that was made some time ago."""
    at = datetime.now(UTC) - age
    content = body_at(distance, **body)
    return drift_reports.add(
        database,
        model_name=name,
        model_version=version,
        window=(at - timedelta(hours=24), at),
        has_drifted=content["status"] == "drift",
        body=content,
        at=at,
    )


def add_history(
    database: Database, distances: list[float], *, newest: timedelta = timedelta(hours=1)
) -> None:
    """Store one check a day, the oldest first; the last three are of version 7."""
    for place, distance in enumerate(distances):
        days = len(distances) - 1 - place
        add_report(database, distance, age=newest + timedelta(days=days), version=7 if days < 3 else 6)


def add_texts(database: Database, *texts: str, version: int = 7) -> None:
    """Store predictions of two hours ago with their texts."""
    at = datetime.now(UTC) - timedelta(hours=2)
    predictions.write(
        database,
        [
            PredictionRow(
                id=uuid4(),
                at=at,
                model_name="opinionlens",
                model_version=version,
                text_hash=hash_text(text),
                length_chars=len(text),
                label=Label.NEGATIVE,
                probabilities=(0.8, 0.1, 0.1),
                latency_seconds=0.001,
                text=text,
            )
            for text in texts
        ],
    )
