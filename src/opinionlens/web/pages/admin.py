"""The pages of `/admin`, filled by scripts from the API."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.storage import StorageError, retrainings
from opinionlens.web.http.guards import admin_page, view_page
from opinionlens.web.pages.retraining_view import retraining_view
from opinionlens.web.services.state import services_of

_RETRAININGS = 20


def admin_router(model_name: str, *, can_follow: bool, from_folder: bool = False) -> APIRouter:
    """Return the admin pages, most of them for viewers.

    Args:
        model_name: the name that the fetch form begins with.
        can_follow: whether the settings let the app follow the registry's champion.
        from_folder: whether the settings name a folder whose model is served.
    """
    router = APIRouter(prefix="/admin", include_in_schema=False)

    @router.get("", dependencies=[Depends(view_page)])
    async def models(request: Request) -> Response:
        """Show active, loaded and registered versions."""
        pages = services_of(request).pages
        return pages.render(
            request,
            "admin/models.html",
            here="admin",
            tab="Models",
            model_name=model_name,
            can_follow=can_follow,
        )

    @router.get("/history", dependencies=[Depends(view_page)])
    async def history(request: Request) -> Response:
        """Show the retrainings and the deployments."""
        services = services_of(request)
        try:
            found = await services.records.read(retrainings.newest, limit=_RETRAININGS)
        except StorageError:  # the script says so where the deployments would be
            found = []
        return services.pages.render(
            request,
            "admin/history.html",
            here="admin",
            tab="History",
            from_folder=from_folder,
            retrainings=[retraining_view(each) for each in found],
        )

    @router.get("/keys", dependencies=[Depends(admin_page)])
    async def keys(request: Request) -> Response:
        """Show the keys of programs."""
        services = services_of(request)
        is_open = not services.security.predict_needs_key
        return services.pages.render(
            request, "admin/keys.html", here="admin", tab="API keys", predictions_are_open=is_open
        )

    @router.get("/models/{model_id}", dependencies=[Depends(view_page)])
    async def card(request: Request, model_id: str) -> Response:
        """Show everything that is known of a version."""
        pages = services_of(request).pages
        base_url = str(request.base_url)
        return pages.render(
            request, "admin/card.html", here="admin", tab="", model_id=model_id, base_url=base_url
        )

    return router
