"""Keeping what was answered: measured, and logged so that feedback can name it."""

from __future__ import annotations

from opinionlens.serving.predictor import ExplainedAnswer, ServedPrediction
from opinionlens.web.services.state import Services


def note_answer(
    services: Services, endpoint: str, text: str, answer: ServedPrediction | ExplainedAnswer
) -> None:
    """Measure and log the answer to one text; costs a few microseconds and never fails.

    Args:
        services: the app's.
        endpoint: its name in the metrics.
        text: what was judged.
        answer: what was answered.
    """
    services.metrics.observe_prediction(endpoint, answer.model, answer.seconds, len(text), answer.prediction)
    log_answer(services, text, answer)


def log_answer(services: Services, text: str, answer: ServedPrediction | ExplainedAnswer) -> None:
    """Log the answer to one text, from any thread."""
    services.records.log_prediction(answer.id, text, answer.prediction, answer.model, answer.seconds)
