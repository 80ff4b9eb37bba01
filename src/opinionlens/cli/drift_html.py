"""A drift check as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from opinionlens.cli.html_report import HtmlReport
from opinionlens.drift.report_body import body_of
from opinionlens.jobs.finished_check import FinishedCheck
from opinionlens.storage.drift_reports import DriftReport
from opinionlens.web.pages.drift_file import drift_file
from opinionlens.web.pages.drift_view import drift_view


def write_drift_html(page: HtmlReport, check: FinishedCheck, history: Sequence[DriftReport]) -> None:
    """Write a finished check with earlier ones.

    Args:
        page: the file.
        check: the check.
        history: earlier reports on served texts, the newest first.
    """
    now, found = datetime.now(UTC), check.found
    report = DriftReport(
        id=0,
        at=now,
        model_name=check.reference_name,
        model_version=check.reference_version,
        window_start=check.start,
        window_end=check.end,
        has_drifted=found.has_drifted,
        body=body_of(found, source=check.source, notes=check.notes),
    )
    texts = () if found.domain is None else found.domain.served_examples
    page.write(partial(drift_file, view=drift_view([report, *history], now=now, texts=texts)))
