"""`/admin/evaluate`: scores of a version on one's own labelled texts.

For analysts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from opinionlens.datasets.label_spellings import told_labels
from opinionlens.web.api.answers import json_response
from opinionlens.web.http.guards import analyst_only, analyst_page
from opinionlens.web.pages.model_choices import model_choices
from opinionlens.web.pages.report_view import report_fragment
from opinionlens.web.services.asked_models import ACTIVE
from opinionlens.web.services.evaluations import ENDINGS, MAX_ROWS, EvaluationOrder
from opinionlens.web.services.inputs import body_of
from opinionlens.web.services.state import services_of

router = APIRouter(prefix="/admin/evaluate", include_in_schema=False)

T = TypeVar("T")

_LOOK_SECONDS = 0.5

Name = Annotated[str, Query(max_length=200)]


@router.get("", dependencies=[Depends(analyst_page)])
async def page(request: Request) -> Response:
    """Show where a file can be dropped."""
    services = services_of(request)
    return services.pages.render(
        request,
        "admin/evaluate.html",
        here="admin",
        tab="Evaluate",
        choices=await model_choices(services),
        endings=ENDINGS,
        max_rows=MAX_ROWS,
    )


@router.post("/report", dependencies=[Depends(analyst_only)])
async def report(
    request: Request,
    file_name: Annotated[str, Query(min_length=1, max_length=1_000)],
    model: Name = ACTIVE,
    text_column: Name = "",
    label_column: Name = "",
    labels: Annotated[str, Query(max_length=2_000)] = "",
    max_rows: Annotated[int, Query(ge=10, le=MAX_ROWS)] = MAX_ROWS,
    seed: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """Measure a version on the file in the body.

    The answer is the report, as values and as HTML.
    """
    from opinionlens.datasets.own_rows import Wanted

    services = services_of(request)
    told = told_labels(part for part in labels.split(",") if part.strip())
    wanted = Wanted(text_column.strip() or None, label_column.strip() or None, told, max_rows, seed)
    order = EvaluationOrder(file_name, await body_of(request), model, wanted)
    found = await _unless_gone(request, services.evaluations.measure(order))
    html = await asyncio.to_thread(report_fragment, services.pages.environment, found)
    return json_response({"report": found.as_dict(), "html": str(html)})


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the work's result; stop it if the client leaves.

    Raises ClientDisconnect.
    """
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
