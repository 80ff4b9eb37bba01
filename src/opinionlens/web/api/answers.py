"""JSON answers, written directly for speed.

`web.http.schemas` describes them; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from starlette.responses import Response

from opinionlens.base.logs import request_id
from opinionlens.classifiers.explanation import Contribution, Explanation
from opinionlens.classifiers.prediction import Prediction
from opinionlens.serving.predictor import ExplainedAnswer, ServedPrediction
from opinionlens.serving.store import ServedModel
from opinionlens.text.labels import LABELS
from opinionlens.web.services.batch_items import BadItem
from opinionlens.web.services.deciding_words import deciding_words, strongest_words

# A long text has thousands of features; the largest hundred are what anybody reads, the others are summed up.
LISTED_CONTRIBUTIONS = 100

JSON = "application/json"
_NAMES = tuple(label.value for label in LABELS)
_LOWER_NAMES = tuple(name.lower() for name in _NAMES)
_NO_STORE = {"Cache-Control": "no-store"}


def json_response(content: object, status: int = 200) -> Response:
    """Return `content` as JSON that no cache keeps."""
    return json_body_response(to_json(content), status)


def json_body_response(body: bytes, status: int = 200) -> Response:
    """Return a body that is JSON already."""
    return Response(body, status, _NO_STORE, JSON)


def model_fields(model: ServedModel) -> dict[str, Any]:
    """Return name, version and kind of a model."""
    return {"name": model.name, "version": model.version, "kind": model.kind}


def prediction_fields(prediction: Prediction, ident: UUID) -> dict[str, Any]:
    """Return the JSON fields of one prediction.

    Plain strings, as writing an enum costs several times as much.
    """
    fields = unnamed_fields(prediction)
    fields["prediction_id"] = str(ident)
    return fields


def unnamed_fields(prediction: Prediction) -> dict[str, Any]:
    """Return the fields of a prediction that is not logged."""
    reason = prediction.reason
    return {
        "prediction": prediction.label.value,
        "confidence": prediction.confidence,
        "probabilities": dict(zip(_NAMES, prediction.probabilities, strict=True)),
        "uncertain": reason is not None,
        "reason": reason and reason.value,
    }


def answer_fields(answer: ServedPrediction | ExplainedAnswer) -> dict[str, Any]:
    """Return the prediction for one text and its origin."""
    fields = prediction_fields(answer.prediction, answer.id)
    fields.update(origin_fields(answer.model))
    return fields


def origin_fields(model: ServedModel) -> dict[str, Any]:
    """Return the answering model and the request's id."""
    return {"model": model_fields(model), "request_id": request_id.get() or ""}


def sentiment_fields(answer: ServedPrediction) -> dict[str, Any]:
    """Return the prediction in the older form of `/predict`.

    Labels are in lower case; the probabilities are called `scores`.
    """
    prediction = answer.prediction
    return {
        "label": prediction.label.value.lower(),
        "confidence": prediction.confidence,
        "score": prediction.confidence,
        "scores": dict(zip(_LOWER_NAMES, prediction.probabilities, strict=True)),
        "uncertain": prediction.uncertain,
        "prediction_id": str(answer.id),
    } | origin_fields(answer.model)


def batch_fields(
    items: Sequence[str | BadItem], predictions: Iterable[dict[str, Any]], model: ServedModel
) -> dict[str, Any]:
    """Return one object per item of a batch.

    The next of `predictions` for a text, the error for an item that is not a text.
    """
    following = iter(predictions)
    results = [
        {"index": index, "error": {"code": item.code, "detail": item.detail}}
        if isinstance(item, BadItem)
        else {"index": index, **next(following)}
        for index, item in enumerate(items)
    ]
    return origin_fields(model) | {"results": results}


def explanation_fields(answer: ExplainedAnswer) -> dict[str, Any]:
    """Return the prediction with the words and features behind it."""
    explanation = answer.explanation
    ranked = sorted(explanation.contributions, key=_spread, reverse=True)
    listed, rest = ranked[:LISTED_CONTRIBUTIONS], ranked[LISTED_CONTRIBUTIONS:]
    return (
        answer_fields(answer)
        | word_fields(explanation)
        | {
            "contributions": [_contribution_fields(explanation, one) for one in listed],
            "rest": _by_label(explanation, _sum_of(rest, len(explanation.labels))),
            "bias": _by_label(explanation, explanation.bias),
            "decision": _by_label(explanation, explanation.decision),
            "exact": explanation.exact,
            "domain_share": explanation.share,
        }
    )


def word_fields(explanation: Explanation) -> dict[str, Any]:
    """Return the words that decided, in their places and listed."""
    words = deciding_words(explanation)
    return {
        "words": [
            {
                "text": word.text,
                "start": word.start,
                "end": word.end,
                "toward": word.toward.value,
                "strength": word.strength,
                "level": word.level,
                "weight": word.weight,
            }
            for word in words
        ],
        "strongest_words": [
            {
                "text": word.text,
                "toward": word.toward.value,
                "weight": word.weight,
                "times": word.times,
                "share": word.share,
            }
            for word in strongest_words(words)
        ],
    }


def _contribution_fields(explanation: Explanation, contribution: Contribution) -> dict[str, Any]:
    return {
        "feature": contribution.feature,
        "block": contribution.block,
        "spans": contribution.spans,
        "values": _by_label(explanation, contribution.values),
    }


def _spread(contribution: Contribution) -> float:
    """Return how strongly a feature separates the classes.

    A value that it adds to all classes alike decides nothing.
    """
    return max(contribution.values) - min(contribution.values)


def _sum_of(contributions: Sequence[Contribution], classes: int) -> list[float]:
    return [sum(one.values[index] for one in contributions) for index in range(classes)]


def _by_label(explanation: Explanation, values: Sequence[float]) -> dict[str, float]:
    return {label.value: value for label, value in zip(explanation.labels, values, strict=True)}
