"""Routes of `/api/v1/feedback`: readers' corrections of predictions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field, create_model
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from opinionlens.storage import feedback
from opinionlens.storage.database import Database
from opinionlens.storage.feedback import Feedback, LabelledRow
from opinionlens.storage.forgetting import FROM_THE_START, forget_text
from opinionlens.storage.paging import MAX_PAGE_ROWS, MAX_ROW_NUMBER
from opinionlens.text.labels import Label
from opinionlens.web.api.answers import json_response
from opinionlens.web.api.feedback.bodies import feedback_body
from opinionlens.web.api.feedback.labelled_files import FORMATS, Format, written
from opinionlens.web.api.feedback.schemas import FeedbackAnswer, FeedbackPage, ForgottenAnswer
from opinionlens.web.http.client_address import address_of
from opinionlens.web.http.guards import GUARDED, Admin, Analyst
from opinionlens.web.http.schemas import Problem
from opinionlens.web.services.inputs import EXAMPLE_TEXT, InputLimits
from opinionlens.web.services.state import services_of

_NO_DATABASE: dict[str, Any] = {"model": Problem, "description": "The database does not answer."}

log = structlog.get_logger("app")


def feedback_router(limits: InputLimits) -> APIRouter:
    """Return the routes, described with the limits that they check."""
    body = feedback_body(limits)
    router = APIRouter(prefix="/api/v1/feedback", tags=["feedback"])

    async def give(request: Request) -> Response:
        """Store the right label for a text or a prediction.

        It is stored before the answer is sent.
        """
        services = services_of(request)
        services.security.feedback_limit.check(address_of(request))
        given = await body.read(request)
        stored = await services.records.write(
            feedback.add,
            label=given.label,
            source=given.source,
            prediction_id=given.prediction_id,
            text=given.text,
        )
        services.metrics.count_feedback(given.label)
        return json_response(_fields(stored), 201)

    router.add_api_route(
        "",
        give,
        methods=["POST"],
        status_code=201,
        summary="Say what the right label is",
        response_model=FeedbackAnswer,
        responses={
            413: {"model": Problem, "description": f"The body has more than {limits.body_bytes:,} bytes."},
            422: {
                "model": Problem,
                "description": f"No label, nothing that it belongs to, or a text of more than "
                f"{limits.text_chars:,} characters.",
            },
            429: {"model": Problem, "description": "Too much came from one address within a minute."},
            503: _NO_DATABASE | {"description": "The database does not answer; nothing was kept."},
        },
        openapi_extra=body.describe(),
    )
    router.add_api_route(
        "",
        list_feedback,
        methods=["GET"],
        summary="List feedback, the newest first",
        response_model=FeedbackPage,
        responses=GUARDED | {422: {"model": Problem}, 503: _NO_DATABASE},
    )
    router.add_api_route(
        "/export",
        export,
        methods=["GET"],
        summary="Download feedback as a labelled data set",
        response_class=Response,
        responses=GUARDED
        | {
            200: {
                "description": "Columns text, label, source, time. Of several words on one answer the last.",
                "content": {form.media_type: _described(form) for form in FORMATS.values()},
            },
            422: {"model": Problem},
            503: _NO_DATABASE,
        },
    )
    router.add_api_route(
        "/{feedback_id:int}",  # or DELETE would be taken at `/export`
        remove,
        methods=["DELETE"],
        summary="Delete one piece of feedback",
        response_model=FeedbackAnswer,
        responses=GUARDED
        | {404: {"model": Problem, "description": "There is no such feedback."}, 503: _NO_DATABASE},
    )
    router.add_api_route(
        "/delete",
        _forget_route(limits),
        methods=["POST"],
        summary="Delete all that is kept of a text",
        response_model=ForgottenAnswer,
        responses=GUARDED | {422: {"model": Problem}, 503: _NO_DATABASE},
    )
    return router


def _forget_route(limits: InputLimits) -> Callable[..., Awaitable[Response]]:
    """Return the route that deletes feedback by its text.

    The text comes in the body, because addresses are logged on the way.
    """
    text_field = Field(
        min_length=1,
        max_length=limits.text_chars,
        description="As it was sent; e-mail addresses, phone numbers and user names may be missing.",
        examples=[EXAMPLE_TEXT],
    )
    body: Any = create_model(
        "TextToForget", __config__=ConfigDict(extra="forbid"), text=(Annotated[str, text_field], ...)
    )

    async def forget(request: Request, admin: Admin, given: body) -> Response:
        """Delete all rows with this text.

        These are feedback with the text or about it, and its rows of the prediction log.
        """
        records = services_of(request).records
        after: datetime | None = FROM_THE_START
        feedback_rows = prediction_rows = 0
        while after is not None:
            part = await records.write(forget_text, given.text, after)
            feedback_rows += part.feedback
            prediction_rows += part.predictions
            after = part.next_after
        log.info("text.forgotten", by=admin.name, feedback=feedback_rows, predictions=prediction_rows)
        return json_response({"feedback": feedback_rows, "predictions": prediction_rows})

    # FastAPI reads the body's type here; as an annotation it would be looked up by name.
    forget.__annotations__["given"] = body
    return forget


async def remove(
    request: Request,
    admin: Admin,
    feedback_id: Annotated[int, Path(description="Its `id`, as the list shows it.", examples=[12])],
) -> Response:
    """Delete one feedback entry for good.

    The answer shows the deleted entry without its text.
    """
    removed = await services_of(request).records.write(feedback.remove, feedback_id)
    log.info("feedback.deleted", by=admin.name, feedback=removed.id)
    return json_response(_fields(removed))


async def list_feedback(
    request: Request,
    _: Analyst,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ROWS)] = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_ROW_NUMBER)] = None,
) -> Response:
    """Return a page of feedback, newest first.

    `before` is the `next_before` of the previous page.
    """
    page = await services_of(request).records.read(feedback.newest, limit=limit, before=before)
    rows = [{**_fields(row), "text": row.text} for row in page.rows]
    return json_response({"feedback": rows, "total": page.total, "next_before": page.next_before})


async def export(
    request: Request,
    _: Analyst,
    format: Annotated[Literal["csv", "jsonl"], Query(description="How the file is written.")] = "csv",
) -> Response:
    """Return all feedback with a known text as a file.

    The pipeline reads this file. JSON lines keep every text exactly: take them for training. In CSV, which is
    often opened in spreadsheets, a text that would be taken for a formula gets an apostrophe in front.
    """
    form = FORMATS[format]
    records = services_of(request).records
    pieces = written(form, feedback.labelled_rows(records.database))

    def next_piece(_: Database) -> str:
        return next(pieces, "")

    first = await records.read(next_piece)  # before the answer begins, so that an outage is a 503

    async def content() -> AsyncIterator[str]:
        piece = first
        while piece:
            yield piece
            piece = await records.read(next_piece)

    headers = {
        "Content-Disposition": f'attachment; filename="feedback.{format}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(content(), 200, headers, form.media_type)


def _described(form: Format) -> dict[str, Any]:
    row = LabelledRow(EXAMPLE_TEXT, Label.NEUTRAL, "api", datetime(2026, 11, 22, 21, tzinfo=UTC))
    return {"schema": {"type": "string"}, "example": form.head + form.lines([row])}


def _fields(row: Feedback) -> dict[str, Any]:
    return {
        "id": row.id,
        "label": row.label.value,
        "prediction_id": row.prediction_id,
        "source": row.source,
        "at": row.at.isoformat(),
    }
