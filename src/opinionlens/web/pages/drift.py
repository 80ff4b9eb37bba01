"""`/admin/drift`: whether served texts still look like training texts.

For viewers, and with texts for analysts; works without scripts. It reads stored reports and measures nothing.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.accounts.rights import Right
from opinionlens.storage import StorageUnavailable, drift_reports, predictions
from opinionlens.web.http.guards import Visitor, view_page
from opinionlens.web.pages.drift_view import (
    MOST_CHECKS,
    DriftView,
    drift_view,
    named,
    view_without_database,
    view_without_reports,
)
from opinionlens.web.services.state import Services, services_of

router = APIRouter(prefix="/admin/drift", include_in_schema=False)


@router.get("")
async def page(request: Request, visitor: Annotated[Visitor, Depends(view_page)]) -> Response:
    """Show the newest drift report and its history."""
    services = services_of(request)
    status = 200
    try:
        view = await _view(services, shows_texts=Right.ANALYSE in visitor.viewer.rights)
    except StorageUnavailable:
        view, status = view_without_database(), 503
    return services.pages.render(request, "admin/drift.html", status, here="admin", tab="Drift", view=view)


async def _view(services: Services, *, shows_texts: bool) -> DriftView:
    reports = await services.records.read(drift_reports.last_served, limit=MOST_CHECKS)
    if not reports:
        return view_without_reports()
    newest = reports[0]
    texts: list[str] | None = [] if shows_texts else None
    if newest.has_drifted and shows_texts:
        texts = await services.records.read(
            predictions.kept_texts,
            model_name=newest.model_name,
            model_version=newest.model_version,
            since=newest.window_start,
            until=newest.window_end,
        )
    active = services.store.active
    answering = None if active is None else named(*predictions.logged_model(active.name, active.version))
    return await asyncio.to_thread(
        drift_view, reports, now=datetime.now(UTC), answering=answering, texts=texts
    )
