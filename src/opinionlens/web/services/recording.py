"""Recording of predictions in the metrics and the log.

Feedback can then name the prediction.
"""

from __future__ import annotations

from opinionlens.serving.predictor import ExplainedAnswer, ServedPrediction
from opinionlens.web.services.state import Services


def note_answer(
    services: Services, endpoint: str, text: str, answer: ServedPrediction | ExplainedAnswer
) -> None:
    """Measure and log the prediction for one text.

    Costs a few microseconds and never fails.

    Args:
        services: the app's.
        endpoint: its name in the metrics.
        text: the text that was sent.
        answer: its prediction.
    """
    services.metrics.observe_prediction(endpoint, answer.model, answer.seconds, len(text), answer.prediction)
    log_answer(services, text, answer)


def log_answer(services: Services, text: str, answer: ServedPrediction | ExplainedAnswer) -> None:
    """Log the answer to one text, from any thread."""
    services.records.log_prediction(answer.id, text, answer.prediction, answer.model, answer.seconds)
