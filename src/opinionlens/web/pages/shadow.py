"""`/admin/shadow`: texts that a challenger answers otherwise.

For analysts; works without scripts. The worker asks the challenger, this page asks nothing but the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from opinionlens.deployment.model_ids import model_id_of
from opinionlens.evaluation.intervals import wilson
from opinionlens.storage import StorageUnavailable, shadow_answers
from opinionlens.storage.shadow_answers import MOST_ROWS, ShadowAnswer, ShadowTotals
from opinionlens.web.http.guards import analyst_page
from opinionlens.web.services.state import Services, services_of

router = APIRouter(prefix="/admin/shadow", include_in_schema=False, dependencies=[Depends(analyst_page)])

PAGE_TEXTS = 25


@dataclass(frozen=True, slots=True)
class ChallengerView:
    """A challenger with its share of differing labels.

    `low` and `high` end the interval of 95 %.
    """

    totals: ShadowTotals
    model_id: str
    title: str
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, totals: ShadowTotals) -> ChallengerView:
        """Return the view of a challenger's stored answers."""
        version, share = totals.version, wilson(totals.differing, totals.answered)
        model_id, title = model_id_of(version.name, version.number), f"{version.name} {version.number}"
        return cls(totals, model_id, title, share.value, share.low, share.high)


@dataclass(frozen=True, slots=True)
class ShadowView:
    """View model of the page.

    Attributes:
        challengers: those that have answered, the last first.
        shown: the one whose texts are listed; None without any.
        texts: those that it labels otherwise, newest first.
        offset: how many newer ones there are.
        has_older: whether there are older ones.
        keeps_texts: whether this app stores predicted texts.
        is_away: the database does not answer.
    """

    challengers: Sequence[ChallengerView] = ()
    shown: ChallengerView | None = None
    texts: Sequence[ShadowAnswer] = ()
    offset: int = 0
    has_older: bool = False
    keeps_texts: bool = False
    is_away: bool = False

    @property
    def newer(self) -> int:
        """The offset of the page before."""
        return max(0, self.offset - PAGE_TEXTS)

    @property
    def older(self) -> int:
        """The offset of the next page."""
        return self.offset + PAGE_TEXTS


@router.get("")
async def page(
    request: Request,
    version: Annotated[str, Query(max_length=300)] = "",
    offset: Annotated[int, Query(ge=0, le=MOST_ROWS)] = 0,
) -> Response:
    """Show each challenger's numbers, and the texts of one."""
    services = services_of(request)
    try:
        view, status = await _view(services, version, offset), 200
    except StorageUnavailable:
        view, status = ShadowView(keeps_texts=services.records.keeps_texts, is_away=True), 503
    return services.pages.render(request, "admin/shadow.html", status, here="admin", tab="Compare", view=view)


async def _view(services: Services, version: str, offset: int) -> ShadowView:
    totals = await services.records.read(shadow_answers.totals)
    challengers = [ChallengerView.of(one) for one in totals]
    shown = next((one for one in challengers if one.model_id == version), None)
    shown = shown or next(iter(challengers), None)
    if shown is None:
        return ShadowView(keeps_texts=services.records.keeps_texts)
    texts = await services.records.read(
        shadow_answers.differing, shown.totals.version, limit=PAGE_TEXTS + 1, offset=offset
    )
    return ShadowView(
        challengers,
        shown,
        texts[:PAGE_TEXTS],
        offset,
        has_older=len(texts) > PAGE_TEXTS,
        keeps_texts=services.records.keeps_texts,
    )
