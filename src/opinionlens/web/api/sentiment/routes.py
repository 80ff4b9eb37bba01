"""Routes `POST /predict` and `GET /model` in their older form.

The addresses and field names of the earlier monitor, answered by today's models.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import create_model
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.web.api.answers import json_response, model_fields, sentiment_fields
from opinionlens.web.http.guards import MAYBE_GUARDED, MAYBE_WITH_KEY, check_may_predict
from opinionlens.web.http.schemas import ActiveModelAnswer, Problem, SentimentAnswer
from opinionlens.web.services.inputs import InputLimits, JsonBody, text_type
from opinionlens.web.services.recording import note_answer
from opinionlens.web.services.state import services_of

_ENDPOINT = "/predict"  # in the metrics, where both older systems share it


def sentiment_router(limits: InputLimits) -> APIRouter:
    """Return the routes, described with the limits that they check."""
    text = text_type(limits, least_chars=1)
    body: JsonBody[Any] = JsonBody(create_model("SentimentInput", text=(text, ...)))
    router = APIRouter(tags=["sentiment"])

    async def predict(request: Request) -> Response:
        """Predict the sentiment of the text in the field `text`.

        `model` says whether a trained model or the word list answered.
        """
        services = services_of(request)
        await check_may_predict(request, services)
        sent = await body.read(request)
        answer = await services.predictor.predict(sent.text)
        note_answer(services, _ENDPOINT, sent.text, answer)
        # Through the schema: the scores have to add up to 1, and no answer is better than a wrong one.
        fields = SentimentAnswer.model_validate(sentiment_fields(answer))
        return json_response(fields)

    router.add_api_route(
        "/predict",
        predict,
        methods=["POST"],
        summary="Predict one text, with labels in lower case",
        response_model=SentimentAnswer,
        responses=MAYBE_GUARDED
        | {
            413: {"model": Problem, "description": f"The body has more than {limits.body_bytes:,} bytes."},
            422: {
                "model": Problem,
                "description": f"No text, an empty one, or more than {limits.text_chars:,} characters.",
            },
            503: {"model": Problem, "description": "No model is active, or too much is waiting."},
        },
        openapi_extra=MAYBE_WITH_KEY | body.describe(),
    )
    router.add_api_route(
        "/model",
        model,
        methods=["GET"],
        summary="Say which model is active",
        response_model=ActiveModelAnswer,
    )
    return router


async def model(request: Request) -> Response:
    """Return the active model."""
    store = services_of(request).store
    active = store.active
    answering = active or store.fallback
    return json_response(
        {
            "model_loaded": active is not None,
            "model_id": active and f"{active.name}-{active.version}",
            "latest_model_file": active and active.digest,
            "model": answering and model_fields(answering),
        }
    )
