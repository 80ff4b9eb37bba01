"""A report as one HTML file.

It needs no other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import jinja2

from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.files import replacing_file
from opinionlens.base.settings import load_settings
from opinionlens.web.services.templates import load_templates

_SHARED_STYLES = ("base.css", "parts.css")


class RendersFile(Protocol):
    """A function that renders a page with its styles inside."""

    def __call__(self, templates: jinja2.Environment, *, styles: Sequence[str], version: str) -> str:
        """Return the page."""


@dataclass(frozen=True)
class HtmlReport:
    """A report's file with its templates and styles."""

    file: Path
    templates: jinja2.Environment
    styles: tuple[str, ...]

    @classmethod
    def opened(cls, file: Path, *styles: str) -> HtmlReport:
        """Find the templates and styles of the pages.

        Args:
            file: to be written.
            styles: names of its own style sheets.

        Raises:
            SettingsInvalid: they are not where the settings say.
        """
        api = load_settings().api
        try:
            found = tuple(
                (api.static_path / "css" / name).read_text(encoding="utf-8")
                for name in (*_SHARED_STYLES, *styles)
            )
        except OSError as error:
            raise SettingsInvalid(
                "The style sheets of the report are missing.",
                where=str(api.static_path),
                remedy="Leave API__STATIC_PATH unset to take the installed ones.",
            ) from error
        return cls(file, load_templates(api.templates_path), found)

    def write(self, render: RendersFile) -> None:
        """Write the page aside, then put it in its place."""
        page = render(self.templates, styles=self.styles, version=version("opinionlens"))
        with replacing_file(self.file) as aside:
            # A text may hold half of a surrogate pair, which no file can hold.
            aside.write_bytes(page.encode("utf-8", "replace"))
