"""`/`: the page where anybody judges a text. It works without JavaScript; with it nothing is reloaded."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.app.noting import note_answer
from opinionlens.app.pages import HomeView, verdict_of
from opinionlens.app.state import services_of
from opinionlens.errors import OpinionLensError

router = APIRouter(include_in_schema=False)

# A form with one field and nothing to upload.
_FIELDS, _FILES = 10, 0


@router.get("/")
async def home(request: Request) -> Response:
    """Show the empty form."""
    return services_of(request).pages.home(request, HomeView())


@router.post("/")
async def judge(request: Request) -> Response:
    """Judge what was typed. By POST, so that no text ends up in an address."""
    services = services_of(request)
    form = await request.form(max_files=_FILES, max_fields=_FIELDS)
    # Browsers send line ends as two characters, but show and count them as one.
    text = str(form.get("text", "")).replace("\r\n", "\n")
    if not text.strip():
        return services.pages.home(request, HomeView(text, alert="Type or paste a text first."), 422)
    excess = len(text) - services.inputs.limits.text_chars
    if excess > 0:
        alert = (
            f"The text is {excess:,} characters too long; the limit is {services.inputs.limits.text_chars:,}."
        )
        return services.pages.home(request, HomeView(text, alert=alert), 422)
    try:
        answer, verdict = await services.scorer.explain(text, verdict_of)
    except OpinionLensError as error:  # here and not in `failures`, so that what was typed is not lost
        return services.pages.home(
            request, HomeView(text, alert=f"{error.what} {error.remedy or ''}"), error.status
        )
    note_answer(services, "/", text, answer)
    return services.pages.home(request, HomeView(text, verdict))
