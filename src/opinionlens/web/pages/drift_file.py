"""The drift report as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence

import jinja2
from markupsafe import Markup

from opinionlens.web.pages.drift_view import DriftView


def drift_file(templates: jinja2.Environment, view: DriftView, *, styles: Sequence[str], version: str) -> str:
    """Return the report as one page with its styles inside."""
    css = Markup("\n".join(styles).replace("</", "<\\/"))  # noqa: S704 - our own style sheets
    return templates.get_template("drift/file.html").render(view=view, css=css, version=version)
