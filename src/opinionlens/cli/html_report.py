"""The report of `opinionlens evaluate` as one HTML file.

It needs no other file.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import jinja2

from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.files import replacing_file
from opinionlens.base.settings import load_settings
from opinionlens.evaluation.own_data_report import OwnDataReport
from opinionlens.web.pages.report_view import report_file
from opinionlens.web.services.templates import load_templates

_STYLES = ("base.css", "parts.css", "report.css")


@dataclass(frozen=True)
class HtmlReport:
    """A report's file with its templates and styles."""

    file: Path
    templates: jinja2.Environment
    styles: tuple[str, ...]

    @classmethod
    def opened(cls, file: Path) -> HtmlReport:
        """Find the templates and styles of the pages.

        Raises:
            SettingsInvalid: they are not where the settings say.
        """
        api = load_settings().api
        try:
            styles = tuple((api.static_path / "css" / name).read_text(encoding="utf-8") for name in _STYLES)
        except OSError as error:
            raise SettingsInvalid(
                "The style sheets of the report are missing.",
                where=str(api.static_path),
                remedy="Leave API__STATIC_PATH unset to take the installed ones.",
            ) from error
        return cls(file, load_templates(api.templates_path), styles)

    def write(self, report: OwnDataReport) -> None:
        """Write the page aside, then put it in its place."""
        page = report_file(self.templates, report, styles=self.styles, version=version("opinionlens"))
        with replacing_file(self.file) as aside:
            # A text may hold half of a surrogate pair, which no file can hold.
            aside.write_bytes(page.encode("utf-8", "replace"))
