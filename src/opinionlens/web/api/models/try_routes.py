"""Routes that try loaded versions on texts, unseen by others."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field, create_model
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.serving.predictor import explained
from opinionlens.web.api.answers import explanation_fields, json_response, unnamed_fields, word_fields
from opinionlens.web.api.models.trial_schemas import TrialAnswer
from opinionlens.web.http.guards import GUARDED, Analyst
from opinionlens.web.http.schemas import ExplanationAnswer, Problem
from opinionlens.web.services.inputs import EXAMPLE_TEXT, InputLimits, Inputs, JsonBody, text_type
from opinionlens.web.services.state import services_of
from opinionlens.web.services.trial import PairedWord, Trial, TriedText
from opinionlens.web.services.trial_runs import MAX_TEXTS, TrialOrder

_FAILURES: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "It is not loaded."},
    422: {"model": Problem, "description": "The artifact may not serve, and why."},
}
_BUSY: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "Too much is being tried at once, or it took too long."}
}

_Name = Annotated[str, Field(min_length=1, max_length=300)]


def try_router(inputs: Inputs) -> APIRouter:
    """Return the routes, described with the limits that they check."""
    body = _trial_body(inputs.limits)
    router = APIRouter(prefix="/api/v1/models", tags=["models"], responses=GUARDED)

    async def try_two(request: Request, _: Analyst) -> Response:
        """Predict texts with two models, and mark where they differ.

        The predictions are neither logged nor counted.
        """
        order = await body.read(request)
        trial = await services_of(request).trials.run(TrialOrder(order.texts, tuple(order.models)))
        return json_response(trial_fields(trial))

    router.add_api_route(
        "/try",
        try_two,
        methods=["POST"],
        summary="Ask two versions about the same texts, with the differences marked",
        response_model=TrialAnswer,
        responses={**_FAILURES, **_BUSY},
        openapi_extra=body.describe(),
    )
    router.add_api_route(
        "/{model_id}/try",
        try_out,
        methods=["POST"],
        summary="Ask a loaded version, active or not, and see which words decided",
        response_model=ExplanationAnswer,
        responses=_FAILURES,
        openapi_extra=inputs.describe_body(),
    )
    return router


async def try_out(request: Request, _: Analyst, model_id: str) -> Response:
    """Predict one text with a loaded version.

    The prediction is neither logged nor counted.
    """
    services = services_of(request)
    text = await services.inputs.text_of_body(request)
    fields = await services.lifecycle.on_tried(
        model_id, lambda model: explanation_fields(explained(model, text))
    )
    return json_response(fields)


def trial_fields(trial: Trial) -> dict[str, Any]:
    """Return a trial in the form of `TrialAnswer`."""
    return {
        "models": [{"name": one.name, "version": one.version, "kind": one.kind} for one in trial.models],
        "differing": trial.differing,
        "texts": [_text_fields(index, one) for index, one in enumerate(trial.texts)],
    }


def _text_fields(index: int, tried: TriedText) -> dict[str, Any]:
    pair = tried.pair
    return {
        "index": index,
        "differs": pair.differs,
        "largest_change": pair.largest_change,
        "probabilities": {one.label.value: list(one.both) for one in tried.probabilities},
        "changes": {one.label.value: one.change for one in tried.probabilities},
        "words": [_word_fields(word) for word in tried.words()],
        "answers": [
            unnamed_fields(one.prediction)
            | word_fields(one)
            | {"exact": one.exact, "domain_share": one.share}
            for one in tried.explanations
        ],
    }


def _word_fields(word: PairedWord) -> dict[str, Any]:
    return {
        "text": word.text,
        "toward": [None if one is None else one.toward.value for one in word.both],
        "shares": [None if one is None else one.share for one in word.both],
        "agrees": word.agrees,
    }


def _trial_body(limits: InputLimits) -> JsonBody[Any]:
    texts = Field(min_length=1, max_length=MAX_TEXTS, examples=[[EXAMPLE_TEXT, "Best coffee in town!"]])
    models = Field(
        min_length=2,
        max_length=2,
        description="Ids of two versions; `active` is what answers now, `lexicon` the built-in word list.",
        examples=[["active", "lexicon"]],
        # For the description; the trial itself says it in words.
        json_schema_extra={"uniqueItems": True},
    )
    text = text_type(limits)
    return JsonBody(
        create_model(
            "TrialInput",
            __config__=ConfigDict(extra="forbid"),
            texts=(Annotated[list[text], texts], ...),  # type: ignore[valid-type]
            models=(Annotated[list[_Name], models], ...),
        )
    )
