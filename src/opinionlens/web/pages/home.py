"""`/`: the page that predicts a text.

It works without JavaScript; with it nothing is reloaded.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.accounts.errors import LoginNeeded
from opinionlens.base.errors import OpinionLensError
from opinionlens.base.wording import counted
from opinionlens.storage import feedback
from opinionlens.text.blank import is_blank
from opinionlens.text.labels import LABELS, Label
from opinionlens.web.http.client_address import address_of
from opinionlens.web.http.forms import form_of
from opinionlens.web.http.guards import check_may_predict, visitor_of
from opinionlens.web.services.recording import note_answer
from opinionlens.web.services.state import Services, services_of
from opinionlens.web.services.templates import HomeView, view_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(visitor_of)])


@router.get("/")
async def home(request: Request) -> Response:
    """Show the empty form."""
    return await services_of(request).pages.home(request, HomeView())


@router.post("/")
async def predict(request: Request) -> Response:
    """Show the prediction for the text that was typed.

    By POST, so that no text ends up in an address.
    """
    services = services_of(request)
    text = (await _fields(request)).get("text", "")
    if is_blank(text):
        return await services.pages.home(request, HomeView(text, alert="Type or paste a text first."), 422)
    excess = len(text) - services.inputs.limits.text_chars
    if excess > 0:
        too_long = f"{counted(excess, 'character')} too long"
        alert = f"The text is {too_long}; the limit is {services.inputs.limits.text_chars:,}."
        return await services.pages.home(request, HomeView(text, alert=alert), 422)
    try:
        await check_may_predict(request, services)
        answer, prediction = await services.predictor.explain(text, view_of)
    except OpinionLensError as error:  # here and not in `failures`, so that what was typed is not lost
        return await services.pages.home(request, HomeView(text, alert=_in_words(error)), error.status)
    note_answer(services, "/", text, answer)
    return await services.pages.home(request, HomeView(text, prediction))


@router.post("/feedback")
async def take_feedback(request: Request) -> Response:
    """Store the reader's label and show the prediction again.

    With thanks, or with the reason why the label was not stored.
    """
    services = services_of(request)
    fields = await _fields(request)
    text, label = fields.get("text", ""), fields.get("label", "")
    if label not in LABELS or not 0 < len(text) <= services.inputs.limits.text_chars:
        return await services.pages.home(
            request, HomeView(text, alert="Get a prediction first, then say what is right."), 422
        )
    view = HomeView(text)
    try:
        services.security.feedback_limit.check(address_of(request))
        await check_may_predict(request, services)
        # Not noted a second time: it is the same question.
        _, prediction = await services.predictor.explain(text, view_of)
        view = HomeView(text, prediction)
        await _store(services, Label(label), text, fields.get("prediction_id", ""))
    except OpinionLensError as error:
        words = _in_words(error)
        view = replace(view, alert=words) if view.prediction is None else replace(view, feedback_alert=words)
        return await services.pages.home(request, view, error.status)
    return await services.pages.home(request, replace(view, noted=Label(label)))


async def _fields(request: Request) -> dict[str, str]:
    """Return the form's fields with single line ends.

    Browsers send a line end as two characters, but show and count it as one.
    """
    form = await form_of(request)
    return {name: value.replace("\r\n", "\n") for name, value in form.items()}


async def _store(services: Services, label: Label, text: str, ident: str) -> None:
    try:
        prediction_id = UUID(ident)
    except ValueError:  # the text says enough
        prediction_id = None
    await services.records.write(
        feedback.add, label=label, source="page", prediction_id=prediction_id, text=text
    )
    services.metrics.count_feedback(label)


def _in_words(error: OpinionLensError) -> str:
    if isinstance(error, LoginNeeded):  # its own words are for programs
        return "Predictions need a login here."
    return f"{error.what} {error.remedy or ''}"
