"""Routes of `/api/v1/inference`: predictions for programs.

The routes read their own input (`Inputs`) and write their own JSON (`answers`): FastAPI's reading and writing
would take longer than the model. OpenAPI gets the same definitions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.serving.predictor import BatchAnswer, ExplainedAnswer, ServedPrediction
from opinionlens.text.labels import Label
from opinionlens.web.api.answers import (
    answer_fields,
    batch_fields,
    explanation_fields,
    json_body_response,
    json_response,
    prediction_fields,
)
from opinionlens.web.http.direct_routes import DirectRoute
from opinionlens.web.http.guards import MAYBE_GUARDED, MAYBE_WITH_KEY, check_may_predict
from opinionlens.web.http.schemas import BatchDetailAnswer, ExplanationAnswer, PredictionAnswer, Problem
from opinionlens.web.services.batch_items import BadItem
from opinionlens.web.services.inputs import Inputs
from opinionlens.web.services.recording import log_answer, note_answer
from opinionlens.web.services.state import Services, services_of

T = TypeVar("T")

# The metrics' names for the endpoints, as the first system's dashboards have them.
_PREDICT, _BATCH, _EXPLAIN = "/predict", "/batch_predict", "/explain"


def inference_router(inputs: Inputs) -> APIRouter:
    """Return the routes, described with the limits that `inputs` checks."""
    limits = inputs.limits
    refused = {"model": Problem, "description": f"No text, or more than {limits.text_chars:,} characters."}
    no_model = {"model": Problem, "description": "No model is active, or too much is waiting."}
    too_large = {"model": Problem, "description": f"The body has more than {limits.body_bytes:,} bytes."}
    router = APIRouter(prefix="/api/v1/inference", tags=["inference"], route_class=DirectRoute)
    router.add_api_route(
        "/predict",
        predict_body,
        methods=["POST"],
        summary="Predict one text",
        response_model=PredictionAnswer,
        responses=MAYBE_GUARDED | {413: too_large, 422: refused, 503: no_model},
        openapi_extra=MAYBE_WITH_KEY | inputs.describe_body(),
    )
    router.add_api_route(
        "/predict",
        predict_query,
        methods=["GET"],
        summary="Predict one text given in the address",
        response_model=PredictionAnswer,
        responses=MAYBE_GUARDED | {422: refused, 503: no_model},
        openapi_extra=MAYBE_WITH_KEY | inputs.describe_query(),
    )
    router.add_api_route(
        "/batch_predict",
        predict_batch,
        methods=["POST"],
        summary=f"Predict up to {limits.batch_items:,} texts at once",
        response_model=list[Label] | BatchDetailAnswer,
        responses=MAYBE_GUARDED | {413: too_large, 422: refused, 503: no_model},
        openapi_extra=MAYBE_WITH_KEY | inputs.describe_batch(),
    )
    router.add_api_route(
        "/explain",
        explain,
        methods=["POST"],
        summary="Predict one text and name the words that decided",
        response_model=ExplanationAnswer,
        responses=MAYBE_GUARDED | {413: too_large, 422: refused, 503: no_model},
        openapi_extra=MAYBE_WITH_KEY | inputs.describe_body(),
    )
    return router


async def predict_query(request: Request) -> Response:
    """Predict the sentiment of the text in the parameter `text`.

    Proxies log addresses, so prefer the POST form.
    """
    services = services_of(request)
    await check_may_predict(request, services)
    return await _predict(services, services.inputs.text_of_query(request))


async def predict_body(request: Request) -> Response:
    """Predict the sentiment of the text in the field `text`."""
    services = services_of(request)
    await check_may_predict(request, services)
    return await _predict(services, await services.inputs.text_of_body(request))


async def predict_batch(request: Request) -> Response:
    """Predict the sentiment of each text in a list.

    The answers come in the order of the texts, all from the same model. Without `detail` the answer is the
    list of labels, and one item that is not a text refuses the whole batch. With `detail=true` each item gets
    an object of its own: its prediction, or its error.
    """
    services = services_of(request)
    await check_may_predict(request, services)
    if services.inputs.detail_of_query(request):
        return await _predict_items(services, await services.inputs.items_of_body(request))
    texts = await services.inputs.texts_of_body(request)
    _, labels = await _predict_many(services, texts, _label)
    return json_response(labels)


async def explain(request: Request) -> Response:
    """Predict one text and explain the prediction.

    Each word and feature comes with its weight and its place in code points.
    """
    services = services_of(request)
    await check_may_predict(request, services)
    text = await services.inputs.text_of_body(request)
    answer, body = await services.predictor.explain(text, _explanation_body)
    note_answer(services, _EXPLAIN, text, answer)
    return json_body_response(body)


async def _predict(services: Services, text: str) -> Response:
    answer = await services.predictor.predict(text)
    note_answer(services, _PREDICT, text, answer)
    return json_response(answer_fields(answer))


async def _predict_items(services: Services, items: list[str | BadItem]) -> Response:
    texts = [item for item in items if isinstance(item, str)]
    batch, predictions = await _predict_many(services, texts, _fields)
    return json_response(batch_fields(items, predictions, batch.model))


async def _predict_many(
    services: Services, texts: list[str], present: Callable[[ServedPrediction], T]
) -> tuple[BatchAnswer, list[T]]:
    def log_and_present(text: str, answer: ServedPrediction) -> T:
        log_answer(services, text, answer)
        return present(answer)

    batch, shown = await services.predictor.predict_many(texts, log_and_present)
    services.metrics.observe_batch(_BATCH, batch.model, batch.seconds, texts, batch.predictions)
    return batch, shown


def _explanation_body(answer: ExplainedAnswer) -> bytes:
    """Return the explanation as JSON.

    Runs in the thread of the prediction, as that of a long text has half a megabyte.
    """
    return to_json(explanation_fields(answer))


def _label(answer: ServedPrediction) -> str:
    return answer.prediction.label.value


def _fields(answer: ServedPrediction) -> dict[str, Any]:
    return prediction_fields(answer.prediction, answer.id)
