"""`/api/v1/inference`: verdicts for programs.

The routes read their own input (`Inputs`) and write their own JSON (`answers`): FastAPI's reading and writing
would take longer than the model. OpenAPI gets the same definitions.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.app.answers import explanation_fields, json_response, prediction_fields
from opinionlens.app.inputs import Inputs
from opinionlens.app.schemas import ExplanationAnswer, PredictionAnswer, Problem
from opinionlens.app.state import Services, services_of

# The metrics' names for the endpoints, as S1's dashboards have them.
_PREDICT, _BATCH, _EXPLAIN = "/predict", "/batch_predict", "/explain"


def inference_router(inputs: Inputs) -> APIRouter:
    """Return the routes, described with the limits that `inputs` checks."""
    limits = inputs.limits
    refused = {"model": Problem, "description": f"No text, or more than {limits.text_chars:,} characters."}
    no_model = {"model": Problem, "description": "No model is active, or too much is waiting."}
    too_large = {"model": Problem, "description": f"The body has more than {limits.body_bytes:,} bytes."}
    router = APIRouter(prefix="/api/v1/inference", tags=["inference"])
    router.add_api_route(
        "/predict",
        predict_body,
        methods=["POST"],
        summary="Judge one text",
        response_model=PredictionAnswer,
        responses={413: too_large, 422: refused, 503: no_model},
        openapi_extra=inputs.describe_body(),
    )
    router.add_api_route(
        "/predict",
        predict_query,
        methods=["GET"],
        summary="Judge one text given in the address",
        response_model=PredictionAnswer,
        responses={422: refused, 503: no_model},
        openapi_extra=inputs.describe_query(),
    )
    router.add_api_route(
        "/batch_predict",
        predict_batch,
        methods=["POST"],
        summary=f"Judge up to {limits.batch_items:,} texts at once",
        response_model=list[str],
        responses={413: too_large, 422: refused, 503: no_model},
        openapi_extra=inputs.describe_batch(),
    )
    router.add_api_route(
        "/explain",
        explain,
        methods=["POST"],
        summary="Judge one text and say which words decided",
        response_model=ExplanationAnswer,
        responses={413: too_large, 422: refused, 503: no_model},
        openapi_extra=inputs.describe_body(),
    )
    return router


async def predict_query(request: Request) -> Response:
    """Judge the text in the parameter `text`. Addresses end up in logs of proxies: prefer the other form."""
    services = services_of(request)
    return await _predict(services, services.inputs.text_of_query(request))


async def predict_body(request: Request) -> Response:
    """Judge the text in the field `text`."""
    services = services_of(request)
    return await _predict(services, await services.inputs.text_of_body(request))


async def predict_batch(request: Request) -> Response:
    """Judge a list of texts; the labels come in the order of the texts, all from the same model."""
    services = services_of(request)
    texts = await services.inputs.texts_of_body(request)
    answer = await services.scorer.predict_many(texts)
    services.metrics.observe_batch(_BATCH, answer.model, answer.seconds, texts, answer.predictions)
    return json_response([prediction.label.value for prediction in answer.predictions])


async def explain(request: Request) -> Response:
    """Judge one text and say what each of its parts adds, with places in code points."""
    services = services_of(request)
    text = await services.inputs.text_of_body(request)
    answer, fields = await services.scorer.explain(text, explanation_fields)
    prediction = answer.explanation.prediction
    services.metrics.observe_prediction(_EXPLAIN, answer.model, answer.seconds, len(text), prediction)
    return json_response(fields)


async def _predict(services: Services, text: str) -> Response:
    answer = await services.scorer.predict(text)
    services.metrics.observe_prediction(_PREDICT, answer.model, answer.seconds, len(text), answer.prediction)
    return json_response(prediction_fields(answer.prediction, answer.model))
