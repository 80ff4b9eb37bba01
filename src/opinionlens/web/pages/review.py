"""`/admin/review`: the texts with the most to teach.

For analysts; works without scripts, which add keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from opinionlens.base.errors import InputError
from opinionlens.serving.store import ServedModel
from opinionlens.storage import RecordNotFound, StorageUnavailable, review_queue
from opinionlens.storage.review_queue import ReviewProgress
from opinionlens.text.labels import LABELS, Label
from opinionlens.web.http.forms import form_of
from opinionlens.web.http.guards import analyst_page
from opinionlens.web.services.review_ranking import RankedText, rank
from opinionlens.web.services.state import Services, services_of

router = APIRouter(prefix="/admin/review", include_in_schema=False, dependencies=[Depends(analyst_page)])

SKIP, UNDO = "SKIP", "UNDO"
_NO_STORE = {"Cache-Control": "no-store"}
_NOTES = {
    **{label.value: f"Labelled as {label.value.lower()}." for label in LABELS},
    SKIP: "Skipped for 30 days.",
    UNDO: "Taken back.",
    "GONE": "That text is not kept any more.",
}

log = structlog.get_logger("app")


@dataclass(frozen=True, slots=True)
class ReviewView:
    """View model of the review page.

    Attributes:
        shown: the text to be labelled; None where none waits.
        waiting: how many wait, the shown one included.
        progress: labels given so far; None while the database is away.
        keeps_texts: whether predicted texts are stored.
        note: what happened just now.
        last: the prediction that was labelled or skipped just now, to take it back.
    """

    shown: RankedText | None
    waiting: int
    progress: ReviewProgress | None
    keeps_texts: bool
    note: str = ""
    last: UUID | None = None


@router.get("")
async def page(request: Request) -> Response:
    """Show the text with the most to teach."""
    services = services_of(request)
    status = 200
    try:
        view = await _view(services, request)
    except StorageUnavailable:
        view, status = ReviewView(None, 0, None, services.records.keeps_texts), 503
    return services.pages.render(
        request, "admin/review.html", status, here="admin", tab="Review", view=view, labels=LABELS
    )


@router.post("")
async def answer(request: Request) -> Response:
    """Store a label, skip a text, or undo."""
    form = await form_of(request)
    prediction_id, answer = _uuid(form.get("prediction_id", "")), form.get("answer", "")
    if prediction_id is None or answer not in (*LABELS, SKIP, UNDO):
        raise InputError("The form names no text or no label.", remedy="Reload the page.")
    records = services_of(request).records
    last = {"last": str(prediction_id)}
    try:
        if answer == SKIP:
            await records.write(review_queue.skip, prediction_id)
        elif answer == UNDO:
            await records.write(review_queue.take_back, prediction_id)
            last = {}
        else:
            await records.write(review_queue.label_text, prediction_id, Label(answer))
            services_of(request).metrics.count_feedback(Label(answer))
    except RecordNotFound:
        answer, last = "GONE", {}
    log.info("review.answered", answer=answer)
    return RedirectResponse(f"/admin/review?{urlencode({'done': answer, **last})}", 303, _NO_STORE)


async def _view(services: Services, request: Request) -> ReviewView:
    state = await services.records.read(review_queue.read_state)
    active = services.store.active
    predict_many = None if active is None else active.classifier.predict_many

    def ranking(challenger: ServedModel | None) -> list[RankedText]:
        other = None if challenger is None else challenger.classifier.predict_many
        return rank(state.candidates, state.done_texts, predict_many, other)

    ranked = await services.lifecycle.on_challenger(ranking)
    return ReviewView(
        shown=ranked[0] if ranked else None,
        waiting=len(ranked),
        progress=state.progress,
        keeps_texts=services.records.keeps_texts,
        note=_NOTES.get(request.query_params.get("done", ""), ""),
        last=_uuid(request.query_params.get("last", "")),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
