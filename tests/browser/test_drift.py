"""The page on drift: light, dark, on a phone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.stored_drift import add_history, add_report, add_texts

from opinionlens.cli.html_report import HtmlReport
from opinionlens.storage import Database, drift_reports, migrate
from opinionlens.web.pages.drift_file import drift_file
from opinionlens.web.pages.drift_view import drift_view

pytestmark = pytest.mark.browser

OpenAdmin = Callable[..., Page]
Violations = Callable[..., list[str]]

PHONE = {"width": 360, "height": 780}
DAYS = [0.4, 0.5, 0.45, 0.6, 0.55, 0.5, 0.7, 0.8, 1.3, 2.1]


@pytest.fixture
def store(tmp_path: Path, site: object) -> Callable[..., None]:
    """A function that calls another with the site's database."""

    def act(*work: Callable[[Database], object]) -> None:
        with closing(Database(f"sqlite:///{tmp_path / 'opinionlens.db'}")) as database:
            for one in work:
                one(database)

    return act


def drifted(database: Database) -> None:
    add_history(database, DAYS)
    add_texts(
        database,
        "All pilots on #strike again, we sit at the gate since five in the morning",
        "so the pilots strike, thanks for not telling anyone " + "very long " * 40,
        "WasserfallkraftwerksbetreibergesellschaftsvorstandsvorsitzenderXXXXXXXXXXXXXXXXXXXXX pilots",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drift_is_told_in_words_and_pictures(
    open_admin: OpenAdmin, violations: Violations, seen: object, store: Callable[..., None], scheme: str
) -> None:
    store(drifted)
    page = open_admin(color_scheme=scheme, java_script_enabled=True)
    page.get_by_role("link", name="Drift").click()
    expect(page.get_by_role("heading", name="Have the texts changed?")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^The texts have changed: 5,000"))).to_be_visible()
    expect(page.get_by_role("img", name="How long the texts are")).to_be_visible()
    expect(page.get_by_text("All pilots on #strike again")).to_be_visible()
    figures = page.locator("figure", has_text="How sure the model is")
    expect(figures.get_by_role("table")).to_be_hidden()
    figures.locator("summary").click()
    expect(figures.get_by_role("row")).to_have_count(1 + len(DAYS))
    assert violations(page) == []
    assert seen.errors == []  # type: ignore[attr-defined]
    assert seen.foreign == []  # type: ignore[attr-defined]


def test_it_works_without_scripts(open_admin: OpenAdmin, store: Callable[..., None]) -> None:
    store(drifted)
    page = open_admin("/admin/drift", java_script_enabled=False)
    expect(page.get_by_text("This page needs JavaScript.")).to_have_count(0)
    expect(page.get_by_role("heading", name=re.compile("^The texts have changed"))).to_be_visible()
    figures = page.locator("figure", has_text="How sure the model is")
    figures.locator("summary").click()
    expect(figures.get_by_role("row")).to_have_count(1 + len(DAYS))


@pytest.mark.parametrize(
    "made",
    [
        lambda database: None,
        lambda database: add_report(database, 0.3, texts=12, status="too_little_data", measures=[]),
        lambda database: add_report(database, 0.5, age=timedelta(days=3)),
        drifted,
    ],
    ids=["none", "few", "old", "drift"],
)
def test_on_a_phone_nothing_is_wider_than_the_screen(
    open_admin: OpenAdmin,
    violations: Violations,
    store: Callable[..., None],
    made: Callable[[Database], object],
) -> None:
    store(made)
    page = open_admin("/admin/drift", viewport=PHONE)
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_file_of_the_command_shows_the_same(
    browser: Browser, violations: Violations, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'own.db'}")) as database:
        migrate(f"sqlite:///{tmp_path / 'own.db'}")
        add_history(database, DAYS)
        reports = drift_reports.last_served(database, limit=60)
    view = drift_view(reports, now=reports[0].at, texts=["the pilots on #strike"])
    HtmlReport.opened(tmp_path / "drift.html", "drift.css").write(partial(drift_file, view=view))
    page = browser.new_page(color_scheme=scheme, viewport={"width": 360, "height": 780})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "drift.html").as_uri())
    expect(page.get_by_role("heading", name=re.compile("^The texts have changed"))).to_be_visible()
    expect(page.get_by_role("img", name="How long the texts are")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert len(asked) == 1
    assert violations(page) == []
    page.close()
