"""`/admin/try`: two versions on the same texts.

For analysts; works without scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import jinja2
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.base.errors import OpinionLensError
from opinionlens.web.api.answers import json_response
from opinionlens.web.http.forms import form_of
from opinionlens.web.http.guards import analyst_only, analyst_page
from opinionlens.web.http.order_routes import OrderRoute
from opinionlens.web.pages.model_choices import ModelChoice, model_choices
from opinionlens.web.services.asked_models import ACTIVE, WORD_LIST
from opinionlens.web.services.state import Services, services_of
from opinionlens.web.services.trial import Trial
from opinionlens.web.services.trial_runs import MAX_TEXTS, TrialOrder, texts_of_lines

router = APIRouter(prefix="/admin/try", include_in_schema=False, route_class=OrderRoute)

_Name = Annotated[str, Field(max_length=300)]


class TrialForm(BaseModel):
    """Texts on lines, and two models to ask."""

    model_config = ConfigDict(extra="forbid")

    text: str
    models: Annotated[list[_Name], Field(min_length=2, max_length=2)]


@dataclass(frozen=True, slots=True)
class TryView:
    """View model of the page.

    Attributes:
        choices: the models to choose from.
        chosen: the two that are chosen.
        typed: what was typed.
        trial: the answers; None before the first.
        alert: why there are none.
    """

    choices: Sequence[ModelChoice]
    chosen: tuple[str, str]
    typed: str = ""
    trial: Trial | None = None
    alert: str | None = None


@router.get("", dependencies=[Depends(analyst_page)])
async def page(request: Request, models: Annotated[list[str] | None, Query(max_length=2)] = None) -> Response:
    """Show the form, with the two models of the address."""
    services = services_of(request)
    choices = await model_choices(services)
    return _page(request, TryView(choices, _chosen(choices, models or [])))


@router.post("", dependencies=[Depends(analyst_page)])
async def answer(request: Request) -> Response:
    """Show the answers of both models.

    By POST, so that no text ends up in an address.
    """
    services = services_of(request)
    form = await form_of(request)
    choices = await model_choices(services)
    chosen, typed = (form.get("first", ""), form.get("second", "")), form.get("text", "")
    view = TryView(choices, _chosen(choices, chosen), typed.replace("\r\n", "\n"))
    try:
        trial = await _tried(services, TrialForm(text=typed, models=list(chosen)))
    except OpinionLensError as error:  # here, so that what was typed is not lost
        alert = f"{error.what} {error.remedy or ''}".strip()
        return _page(request, TryView(view.choices, view.chosen, view.typed, alert=alert), error.status)
    return _page(request, TryView(view.choices, view.chosen, view.typed, trial))


@router.post("/report", dependencies=[Depends(analyst_only)])
async def report(request: Request, form: TrialForm) -> Response:
    """Return the answers of both models as HTML, for scripts."""
    services = services_of(request)
    trial = await _tried(services, form)
    return json_response({"html": trial_fragment(services.pages.environment, trial)})


def trial_fragment(environment: jinja2.Environment, trial: Trial) -> str:
    """Return a trial as a piece of a page."""
    return environment.get_template("admin/tried.html").render(trial=trial)


async def _tried(services: Services, form: TrialForm) -> Trial:
    texts = texts_of_lines(form.text, most_chars=services.inputs.limits.text_chars)
    return await services.trials.run(TrialOrder(texts, (form.models[0], form.models[1])))


def _chosen(choices: Sequence[ModelChoice], wanted: Sequence[str]) -> tuple[str, str]:
    """Return the wanted models that there are.

    What is missing is filled with a version on trial and what answers now.
    """
    values = {each.model_id or each.value: each.value for each in choices}
    known = [*values.values()]
    given = [values.get(name, name) for name in wanted]
    found = [name for name in given if name in known]
    others = [name for name in known if name not in (ACTIVE, WORD_LIST)]
    usual = [ACTIVE, *others, WORD_LIST] if found else [*others[:1], ACTIVE, WORD_LIST]
    first, second, *_ = dict.fromkeys([*found, *usual])
    return first, second


def _page(request: Request, view: TryView, status: int = 200) -> Response:
    pages = services_of(request).pages
    return pages.render(
        request, "admin/try.html", status, here="admin", tab="Compare", view=view, max_texts=MAX_TEXTS
    )
